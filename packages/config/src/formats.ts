import convict from 'convict';
import { readYaml } from './yaml.js';

/** `auto`, where a number of classes is asked for: until the data are open. */
export const AUTO_CLASSES = -1;

type Check = (value: unknown) => boolean;

const isNumber: Check = (v) => typeof v === 'number' && Number.isFinite(v);
const isInteger = (min: number, max = Number.MAX_SAFE_INTEGER): Check => {
  return (v) => Number.isInteger(v) && (v as number) >= min && (v as number) <= max;
};
const listOf = (check: Check): Check => {
  return (v) => Array.isArray(v) && v.every(check);
};

const FORMATS: Record<string, { check: Check; must: string }> = {
  text: { check: (v) => typeof v === 'string', must: 'must be text' },
  name: {
    check: (v) => typeof v === 'string' && /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(v),
    must: 'must be letters, digits, ".", "_" and "-", at most 64, the first a letter or digit',
  },
  boolean: { check: (v) => typeof v === 'boolean', must: 'must be true or false' },
  uint32: { check: isInteger(0, 2 ** 32 - 1), must: 'must be a whole number from 0 to 4294967295' },
  count: { check: isInteger(0), must: 'must be a whole number, 0 or more' },
  split: {
    check: (v) => typeof v === 'string' && v.split('+').every((word) => word.trim() !== ''),
    must: 'must be a name, e.g. train, or several, e.g. train+validation',
  },
  countOrAuto: {
    check: (v) => v === AUTO_CLASSES || isInteger(0)(v),
    must: 'must be a whole number, 0 or more, or auto',
  },
  port: { check: isInteger(0, 65_535), must: 'must be a port, 1 to 65535, or 0' },
  positive: { check: isInteger(1), must: 'must be a whole number, 1 or more' },
  nonNegative: { check: (v) => isNumber(v) && (v as number) >= 0, must: 'must be a number, 0 or more' },
  positiveNumber: { check: (v) => isNumber(v) && (v as number) > 0, must: 'must be a number above 0' },
  fraction: {
    check: (v) => isNumber(v) && (v as number) >= 0 && (v as number) <= 1,
    must: 'must be a number from 0 to 1',
  },
  positiveList: { check: listOf(isInteger(1)), must: 'must be a list of whole numbers, e.g. [1, 2, 2]' },
  positiveNumberList: {
    check: listOf((v) => isNumber(v) && (v as number) > 0),
    must: 'must be a list of numbers above 0, e.g. [500000]',
  },
  decayList: {
    check: (v) =>
      listOf((d) => isNumber(d) && (d as number) >= 0 && (d as number) < 1)(v) &&
      new Set(v as number[]).size === (v as number[]).length,
    must: 'must be a list of different numbers from 0 to below 1, e.g. [0.9999, 0.999]',
  },
  widthList: {
    check: (v) =>
      listOf((std) => isNumber(std) && (std as number) >= 0.005 && (std as number) <= 0.28)(v) &&
      new Set(v as number[]).size === (v as number[]).length,
    must: 'must be a list of different numbers from 0.005 to 0.28, e.g. [0.05, 0.1]',
  },
  bucket: {
    check: (v) => isInteger(1024, 1 << 26)(v) && (v as number) % 4 === 0,
    must: 'must be a multiple of 4 from 1024 to 67108864',
  },
  'oneOf:1,3': { check: (v) => v === 1 || v === 3, must: 'must be 1 or 3' },
};

/** Registers this package's formats with convict. Text from the environment is read as YAML. */
export function registerFormats(): void {
  for (const [name, { check, must }] of Object.entries(FORMATS)) {
    convict.addFormat({
      name,
      validate: (value) => {
        if (!check(value)) throw new Error(must);
      },
      coerce: (value: unknown) => {
        if (name === 'countOrAuto' && value === 'auto') return AUTO_CLASSES;
        return name === 'text' || name === 'name' ? value : coerced(value);
      },
    });
  }
}

/** What is no YAML, or a map, which no setting is, stays text, and is refused by its format. */
function coerced(value: unknown): unknown {
  if (typeof value !== 'string') return value;
  try {
    const read = readYaml(value).value;
    return typeof read === 'object' && !Array.isArray(read) ? value : read;
  } catch {
    return value;
  }
}
