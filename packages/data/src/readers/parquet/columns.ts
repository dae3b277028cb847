import { fleetError } from '@ddpm-fleet/core';
import type { FileMetaData, SchemaElement } from 'hyparquet';

/** Which columns hold the images and their classes, and what the classes are called. */
export interface ImageColumns {
  readonly image: string;
  readonly label?: string;
  /** From the metadata that Hugging Face datasets writes; empty where it is absent. */
  readonly classNames: readonly string[];
}

const IMAGE_NAMES = ['image', 'img', 'png', 'jpg', 'jpeg', 'webp', 'bytes', 'content', 'picture', 'photo'];
const LABEL_NAMES = ['label', 'labels', 'cls', 'class', 'fine_label', 'category', 'target'];

/**
 * The first column of a usual name, in any case, with the right type: binary, or a struct with binary `bytes` (as Hugging
 * Face datasets stores images), and numbers or text for labels.
 * @throws DDPM_ERR_DATA_FORMAT naming the columns there are
 */
export function findColumns(file: string, metadata: FileMetaData): ImageColumns {
  const columns = topColumns(metadata.schema);
  const named = (names: readonly string[], fits: (column: Column) => boolean) =>
    names
      .flatMap((name) => columns.filter((column) => column.name.toLowerCase() === name))
      .find((column) => fits(column))?.name;
  const image = named(IMAGE_NAMES, holdsBytes) ?? columns.find(holdsImageStruct)?.name;
  if (image === undefined) {
    const all = columns.map(({ name }) => name).join(', ');
    const text = named(IMAGE_NAMES, ({ isText }) => isText);
    const detail =
      text === undefined
        ? `none of its columns (${all}) is ${IMAGE_NAMES.join(', ')} with bytes in it`
        : `its column ${text} holds text, such as names of files, and not the bytes of images; datasets.Image() embeds them`;
    throw fleetError('DDPM_ERR_DATA_FORMAT', { file, format: 'a parquet file of images', detail });
  }
  const label = named(LABEL_NAMES, holdsLabels);
  return { image, ...(label && { label }), classNames: label ? classNamesOf(metadata, label) : [] };
}

interface Column {
  readonly name: string;
  readonly type?: string;
  readonly isText: boolean;
  readonly children: readonly Column[];
}

function holdsBytes(column: Column): boolean {
  return (column.type === 'BYTE_ARRAY' && !column.isText) || holdsImageStruct(column);
}

function holdsLabels({ type = '', isText }: Column): boolean {
  return isText || ['INT64', 'INT32', 'BOOLEAN', 'DOUBLE', 'FLOAT'].includes(type);
}

function holdsImageStruct({ children }: Column): boolean {
  return children.some(({ name, type }) => name === 'bytes' && type === 'BYTE_ARRAY');
}

/** The schema comes as a flat list in depth-first order, each element with its number of children. */
function topColumns(schema: readonly SchemaElement[]): Column[] {
  let at = 1;
  const take = (): Column => {
    const { name, type, num_children = 0, converted_type, logical_type } = schema[at++]!;
    const isText = type === 'BYTE_ARRAY' && (converted_type === 'UTF8' || logical_type?.type === 'STRING');
    return { name, isText, ...(type && { type }), children: Array.from({ length: num_children }, take) };
  };
  return Array.from({ length: schema[0]?.num_children ?? 0 }, take);
}

function classNamesOf({ key_value_metadata }: FileMetaData, label: string): string[] {
  const text = key_value_metadata?.find(({ key }) => key === 'huggingface')?.value;
  try {
    const names: unknown = JSON.parse(text ?? '{}').info?.features?.[label]?.names;
    return Array.isArray(names) ? names.map(String) : [];
  } catch {
    // Names are a nicety; numbers serve where the metadata are not what they seem.
    return [];
  }
}
