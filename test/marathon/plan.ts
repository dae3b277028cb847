/** Faults that are injected one campaign after the other. */
export interface Campaign {
  readonly targets: string;
  readonly faults: number;
  readonly killEvery: string;
}

export interface Plan {
  readonly seed: number;
  readonly workers: number;
  /** A worker that nobody planned joins this often. */
  readonly joinEveryMs: number;
  readonly campaigns: readonly Campaign[];
  /** What must have happened at the end, or the marathon proved nothing. */
  readonly least: {
    readonly workers: number;
    readonly coordinators: number;
    readonly stops: number;
    readonly joins: number;
    readonly momentsWithoutWorker: number;
  };
  /** A short one has too few samples, and runs beside other tests: it holds the bits, not the times. */
  readonly holdsTimes: boolean;
}

export const FULL: Plan = {
  seed: 2026,
  // As many as cores: a worker that goes on computes beside one that starts, and the times are those of the fleet.
  workers: 2,
  joinEveryMs: 30_000,
  campaigns: [
    { targets: 'worker:100,coordinator:11,stop:12', faults: 130, killEvery: '3s' },
    { targets: 'all', faults: 1, killEvery: '1s' },
    { targets: 'worker:100,coordinator:11,stop:12', faults: 130, killEvery: '3s' },
  ],
  least: { workers: 200, coordinators: 20, stops: 10, joins: 5, momentsWithoutWorker: 1 },
  holdsTimes: true,
};

export const SHORT: Plan = {
  seed: 7,
  workers: 2,
  joinEveryMs: 3000,
  campaigns: [
    { targets: 'worker', faults: 3, killEvery: '500ms' },
    { targets: 'stop', faults: 1, killEvery: '200ms' },
    { targets: 'coordinator', faults: 1, killEvery: '200ms' },
    { targets: 'all', faults: 1, killEvery: '200ms' },
  ],
  least: { workers: 4, coordinators: 1, stops: 1, joins: 1, momentsWithoutWorker: 1 },
  holdsTimes: false,
};
