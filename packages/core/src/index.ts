export { packBfloat16, roundToBfloat16, unpackBfloat16 } from './bfloat16.js';
export { bucketsOf, type Bucket } from './buckets.js';
export { AWKWARD_TEXTS } from './conformance/awkwardTexts.js';
export { ERRORS, type ErrorCode } from './errors/codes.js';
export { FleetError, fleetError, isFleetError } from './errors/error.js';
export { addInto, bytesOf, firstNonFinite } from './flat.js';
export { assertSameLayout, makeLayout, viewOf, type ParamEntry, type ParamLayout } from './layout.js';
export { NOTES, type NoteCode } from './notes/codes.js';
export { assertAccepted, makeNote, type Note, type Strictness } from './notes/note.js';
export { NoteList } from './notes/noteList.js';
export { commentLines, printable, printableLine, sbatchPattern, sbatchWord, shellWord } from './quote.js';
export {
  blocksPerImage,
  drawBits,
  drawInt,
  drawNormal,
  drawUniform,
  imageAddress,
  pairToU64,
  u64Pair,
} from './random/draw.js';
export { Permutation, sampleAt } from './random/permutation.js';
export { philoxBlock, philoxFill, type RandomAddress } from './random/philox.js';
export { Purpose } from './random/purpose.js';
export {
  maximalSubtrees,
  mergesAfter,
  nodeKey,
  parentOf,
  rootLevel,
  siblingOf,
  spanOf,
  TreeSum,
  widthOf,
  type TreeNode,
} from './reductionTree.js';
export {
  compareProfiles,
  emaName,
  emaProfile,
  firstState,
  mapState,
  profileOf,
  sectionKey,
  sectionName,
  sectionsOf,
  stateOf,
  type Derived,
  type Ema,
  type EmaProfile,
  type Section,
  type SectionKey,
  type TrainState,
} from './trainState.js';
export { ProtoWriter } from './protobuf.js';
