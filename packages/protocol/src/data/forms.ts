import { ProtocolError } from '../protocolError.js';
import { STATE_CHUNK } from './chunks.js';
import { Dtype, type DtypeCode } from './dtype.js';
import { FrameKind, type FrameHeader, type FrameKindCode, type HeaderOf } from './header.js';

/** The numbers of a header as they lie on the wire, named as PROTOCOL.md names their places. */
export interface Words {
  readonly dtype: DtypeCode;
  readonly globalStep: number;
  readonly generation: number;
  readonly level: number;
  readonly index: number;
  readonly bucket: number;
  readonly count: number;
  readonly transfer: number;
}

type Place = Exclude<keyof Words, 'dtype'>;

const ZERO: Words = {
  dtype: Dtype.none,
  globalStep: 0,
  generation: 0,
  level: 0,
  index: 0,
  bucket: 0,
  count: 0,
  transfer: 0,
};
const PLACES = Object.keys(ZERO).filter((word): word is Place => word !== 'dtype');

/** The place of every field of a kind's header. */
type FieldsOf<K extends FrameKindCode> = Readonly<
  Record<Exclude<keyof HeaderOf<K>, 'kind' | 'run' | 'dtype'>, Place>
>;

/** What a header of one kind is made of. */
export interface Form {
  readonly kind: FrameKindCode;
  /** Where there is but one, the header does not say it. */
  readonly dtypes: readonly DtypeCode[];
  /** Elements of a payload. */
  readonly counts: readonly [least: number, most: number];
  readonly fields: readonly (readonly [field: string, place: Place])[];
  /** They are 0. */
  readonly unused: readonly Place[];
}

function form<K extends FrameKindCode>(
  kind: K,
  dtypes: readonly DtypeCode[],
  counts: Form['counts'],
  places: FieldsOf<K>,
): Form {
  const fields = Object.entries<Place>(places);
  const used = new Set(fields.map(([, place]) => place));
  return { kind, dtypes, counts, fields, unused: PLACES.filter((place) => !used.has(place)) };
}

const SOME = [1, 0xffff_ffff] as const;
const FLOATS = [Dtype.float32, Dtype.bfloat16];
const STEP = { globalStep: 'globalStep', generation: 'generation', count: 'count' } as const;
const NODE = { ...STEP, level: 'level', index: 'index' } as const;
const SUM = { ...NODE, bucket: 'bucket' } as const;
const CHUNK = { ...STEP, section: 'index', chunk: 'bucket', transfer: 'transfer' } as const;

const FORMS = new Map<number, Form>(
  [
    form(FrameKind.partial, FLOATS, SOME, SUM),
    form(FrameKind.partialImages, [Dtype.imageRecord], SOME, NODE),
    form(FrameKind.root, FLOATS, SOME, SUM),
    form(FrameKind.rootImages, [Dtype.imageRecord], SOME, NODE),
    form(FrameKind.state, [Dtype.float32], [1, STATE_CHUNK], CHUNK),
    form(FrameKind.attach, [Dtype.none], [0, 0], { connection: 'transfer' }),
    form(FrameKind.probe, [Dtype.none], [0, 0], {}),
  ].map((one) => [one.kind, one]),
);

/** @throws ProtocolError unknownType */
export function formOf(kind: number): Form {
  const found = FORMS.get(kind);
  if (!found) throw new ProtocolError('unknownType', `there is no data frame ${kind}`);
  return found;
}

/** What goes on the wire for a header. */
export function wordsOf(header: FrameHeader): Words {
  const { dtypes, fields } = formOf(header.kind);
  const words = { ...ZERO, dtype: 'dtype' in header ? header.dtype : dtypes[0]! };
  const values = header as unknown as Readonly<Record<string, number>>;
  for (const [field, place] of fields) words[place] = values[field]!;
  return words;
}

/**
 * The header that the words are, each field under its name.
 * @throws ProtocolError `dtype` or `length` for what the kind cannot hold, `header` for a number where it has none
 */
export function headerOf(of: Form, run: bigint, words: Words): FrameHeader {
  const { kind, dtypes, counts, fields, unused } = of;
  const { dtype, count } = words;
  if (!dtypes.includes(dtype)) throw new ProtocolError('dtype', `frame ${kind} cannot hold dtype ${dtype}`);
  if (count < counts[0] || count > counts[1])
    throw new ProtocolError('length', `frame ${kind} cannot hold ${count} elements`);
  const stray = unused.find((place) => words[place] !== 0);
  if (stray) throw new ProtocolError('header', `frame ${kind} has no ${stray}`);
  const header: Record<string, unknown> = { kind, run };
  if (dtypes.length > 1) header['dtype'] = dtype;
  for (const [field, place] of fields) header[field] = words[place];
  // `FieldsOf` holds that the form names every field.
  return header as unknown as FrameHeader;
}
