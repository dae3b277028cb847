import { emaName, firstNonFinite, fleetError, type EmaProfile, type ParamLayout } from '@ddpm-fleet/core';
import { layoutOf } from '../manifest.js';
import { problemOf } from '../reading.js';
import type { SnapshotMeta } from '../state.js';
import type { Skipped } from '../store.js';
import { AVERAGE_TYPES } from './dtype.js';
import { AverageBasis, type Fit } from './fit.js';
import type { AverageStore, AveragesInfo } from './store.js';
import type { AverageTarget, PowerAverage } from './target.js';

/** Beyond this a profile is another one than was asked for. */
export const MOST_PROFILE_ERROR = 0.05;

/** Widths that are tried where one cannot be had. */
const WIDTHS = Array.from({ length: 111 }, (_, i) => Number((0.005 + i * 0.0025).toFixed(4)));

/** An average that was put together afterwards. */
export interface MadeAverage {
  readonly globalStep: number;
  readonly values: Float32Array;
  readonly layout: ParamLayout;
  readonly meta: SnapshotMeta;
  readonly profileError: number;
  /** Snapshots that it is a sum of. */
  readonly snapshots: number;
}

interface Piece extends PowerAverage {
  readonly info: AveragesInfo;
}

/**
 * What can be made of the snapshots at a place. Snapshots that turn out to be damaged are left out from then on.
 */
export class SnapshotAverages {
  readonly #store: AverageStore;
  #infos: readonly AveragesInfo[];
  #pieces: readonly Piece[] = [];
  #basis = new AverageBasis([]);
  readonly #damaged: Skipped[];

  /** @param steps those to use; default: all @throws DDPM_ERR_AVERAGES_NONE, DDPM_ERR_STORE_* */
  static async open(store: AverageStore, steps?: readonly number[]): Promise<SnapshotAverages> {
    const infos = (await store.list()).filter(({ globalStep }) => steps?.includes(globalStep) ?? true);
    const usable = infos.filter(({ manifest }) => manifest !== undefined);
    if (usable.length === 0) throw fleetError('DDPM_ERR_AVERAGES_NONE', { location: store.location });
    const { identityHash } = usable.at(-1)!.manifest!.meta;
    const own = usable.filter(({ manifest }) => manifest!.meta.identityHash === identityHash);
    const damaged = infos.flatMap(({ name, problem }) => (problem === undefined ? [] : [{ name, problem }]));
    return new SnapshotAverages(store, own, damaged);
  }

  private constructor(store: AverageStore, infos: readonly AveragesInfo[], damaged: Skipped[]) {
    this.#store = store;
    this.#infos = infos;
    this.#damaged = damaged;
    this.#lay();
  }

  /** Ascending. */
  get steps(): number[] {
    return this.#infos.map(({ globalStep }) => globalStep);
  }

  /** Where the newest came from. */
  get meta(): SnapshotMeta {
    return this.#infos.at(-1)!.manifest!.meta;
  }

  /** Snapshots that cannot be used. */
  get damaged(): readonly Skipped[] {
    return this.#damaged;
  }

  /** @param profile what is wanted after `step`, by default the last one of which there is a snapshot */
  fit(profile: EmaProfile, step = this.steps.at(-1)!): Fit {
    return this.#fit({ ...profile, step });
  }

  /** Narrowest and widest power average that can be had after a step. */
  range(step = this.steps.at(-1)!): readonly [number, number] | undefined {
    return this.#basis.range(step, MOST_PROFILE_ERROR, WIDTHS);
  }

  /**
   * Puts an average together, in float64: memory of one sum and one average, however many are added.
   * @throws DDPM_ERR_AVERAGE_RANGE where the profile cannot be had, DDPM_ERR_CHECKPOINT_NON_FINITE
   */
  async make(profile: EmaProfile, step = this.steps.at(-1)!): Promise<MadeAverage> {
    for (;;) {
      const target = { ...profile, step };
      const { coefficients, profileError } = this.#fit(target);
      if (!(profileError <= MOST_PROFILE_ERROR)) throw this.#outOfRange(target, profileError);
      const values = await this.#sum(coefficients);
      if (values) return this.#made(target, values, profileError, coefficients);
    }
  }

  /** An average that was tracked and stands in a snapshot is taken as it is. */
  #fit(target: AverageTarget): Fit {
    const own = this.#pieces.findIndex(
      ({ relativeStd, step }) => relativeStd === target.relativeStd && step === target.step,
    );
    if (own < 0) return this.#basis.fit(target);
    const coefficients = new Float64Array(this.#pieces.length);
    coefficients[own] = 1;
    return { coefficients, profileError: 0 };
  }

  /** Undefined where a snapshot turned out to be damaged, which is left out from now on. */
  async #sum(coefficients: Float64Array): Promise<Float32Array | undefined> {
    const { layout } = this.#infos[0]!.manifest!;
    const sum = new Float64Array(layoutOf({ layout }).size);
    for (const [i, { info, relativeStd }] of this.#pieces.entries()) {
      if (coefficients[i] === 0) continue;
      try {
        await this.#store.addTo(sum, info, relativeStd, coefficients[i]!);
      } catch (error) {
        this.#leaveOut(info, problemOf(error));
        return undefined;
      }
    }
    return Float32Array.from(sum);
  }

  #made(
    { step, ...profile }: AverageTarget,
    values: Float32Array,
    profileError: number,
    coefficients: Float64Array,
  ): MadeAverage {
    const at = firstNonFinite(values);
    const name = emaName(profile as EmaProfile);
    if (at >= 0) throw fleetError('DDPM_ERR_CHECKPOINT_NON_FINITE', { name, value: String(values[at]), at });
    const { layout, meta } = this.#infos.at(-1)!.manifest!;
    const used = new Set(this.#pieces.filter((_, i) => coefficients[i] !== 0).map(({ step }) => step));
    return {
      ...{ globalStep: step, values, layout: layoutOf({ layout }), meta },
      ...{ profileError, snapshots: used.size },
    };
  }

  #leaveOut(info: AveragesInfo, problem: string): void {
    this.#damaged.push({ name: info.name, problem });
    this.#infos = this.#infos.filter((other) => other !== info);
    if (this.#infos.length === 0)
      throw fleetError('DDPM_ERR_AVERAGES_NONE', { location: this.#store.location });
    this.#lay();
  }

  #lay(): void {
    this.#pieces = this.#infos.flatMap((info) =>
      info.manifest!.files.map(({ relativeStd }) => ({ info, relativeStd, step: info.globalStep })),
    );
    const types = this.#infos.map(({ manifest }) => AVERAGE_TYPES[manifest!.type].rounding);
    this.#basis = new AverageBasis(this.#pieces, Math.max(...types));
  }

  #outOfRange({ step, ...profile }: AverageTarget, profileError: number): Error {
    const range = this.range(step);
    const possible = range ? `widths from ${range[0]} to ${range[1]}` : 'none';
    const out = this.#damaged.map(({ name, problem }) => `; ${name} was left out (${problem})`).join('');
    return fleetError('DDPM_ERR_AVERAGE_RANGE', {
      wanted: emaName(profile as EmaProfile),
      ...{ step, count: this.#infos.length, location: this.#store.location },
      percent: Number((100 * profileError).toPrecision(3)),
      most: 100 * MOST_PROFILE_ERROR,
      possible: possible + out,
    });
  }
}
