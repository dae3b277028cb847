import { bytesOf, emaName, sectionsOf, type ParamLayout, type TrainState } from '@ddpm-fleet/core';
import { averagesOf, layoutOf, type FileRecord, type Manifest } from './manifest.js';
import { tensorsOf } from './parts.js';
import type { Destination } from './safetensors/decode.js';

/**
 * The state of a checkpoint while its files come in, in any number of shares. Every tensor has one place, and the
 * state is given out only when each place was filled once.
 */
export class Assembly {
  readonly layout: ParamLayout;
  readonly state: TrainState;
  readonly #places = new Map<string, Float32Array>();
  readonly #wanted: (file: FileRecord) => boolean;

  /** @param wanted the files that will be read; places of others take no memory */
  constructor(manifest: Manifest, wanted: (file: FileRecord) => boolean = () => true) {
    this.layout = layoutOf(manifest);
    this.#wanted = wanted;
    const { size } = this.layout;
    const files = manifest.files.filter(wanted);
    const buffer = (part: FileRecord['part'], length = size, average = ''): Float32Array =>
      new Float32Array(files.some((f) => f.part === part && averageName(f) === average) ? length : 0);
    this.state = {
      globalStep: manifest.globalStep,
      params: buffer('params'),
      optimizer: { m: buffer('optimizer'), v: buffer('optimizer') },
      emas: averagesOf(manifest).map((profile) => ({
        ...profile,
        values: buffer('ema', size, emaName(profile)),
      })),
      derived: manifest.derived.map(({ name, length }) => ({ name, values: buffer('derived', length) })),
    };
    this.#layPlaces();
  }

  /** Where the tensors of `file` go. The destination throws an Error for a tensor that has no place (any more). */
  destination(file: FileRecord): Destination {
    return (tensor) => {
      const key = placeKey(file.part, tensor.name, averageName(file));
      const place = this.#places.get(key);
      if (!place || tensor.dtype !== 'F32' || tensor.end - tensor.start !== place.byteLength) {
        throw new Error(`${file.path}: tensor ${tensor.name} does not belong there`);
      }
      this.#places.delete(key);
      return bytesOf(place);
    };
  }

  /** An Error naming a tensor that no file held. */
  assertWhole(manifest: Manifest): void {
    const parts = new Set(
      manifest.files.filter(this.#wanted).map((f) => placeKey(f.part, '', averageName(f))),
    );
    for (const key of this.#places.keys()) {
      const [part, average, name] = key.split('\0') as [FileRecord['part'], string, string];
      if (parts.has(`${part}\0${average}\0`))
        throw new Error(`no file holds tensor ${name} of ${average || part}`);
    }
  }

  #layPlaces(): void {
    for (const section of sectionsOf(this.state)) {
      const { key } = section;
      const average = key.part === 'ema' ? section.name : '';
      for (const { name, values } of tensorsOf(section, this.layout.entries))
        this.#places.set(placeKey(key.part, name, average), values);
    }
  }
}

function placeKey(part: FileRecord['part'], name: string, average: string): string {
  return `${part}\0${average}\0${name}`;
}

/** `ema-0.9999` where the file is of an average, else empty. */
export function averageName({ decay, relativeStd }: FileRecord): string {
  if (decay !== undefined) return emaName({ decay });
  return relativeStd === undefined ? '' : emaName({ relativeStd });
}
