export { S3Client, type S3Options, type S3Request, type S3Response } from './client.js';
export {
  listNames,
  listObjects,
  listParts,
  listUploads,
  type ListedObject,
  type ListedUpload,
} from './listing.js';
export { s3Location, type S3Location } from './location.js';
export { elements, text } from './xml.js';
