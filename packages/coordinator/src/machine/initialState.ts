import type { MachineOptions } from './options.js';
import type { Recovery } from './recovery.js';
import type { Gathering, Losses, Replicas, State } from './state.js';

export function initialState(options: MachineOptions, recovery: Recovery, now: number): State {
  return {
    options,
    now,
    generation: recovery.generation + 1,
    globalStep: recovery.globalStep,
    phase: 'gathering',
    reason: '',
    peers: new Map(),
    round: null,
    membership: {
      attached: new Map(),
      strangers: new Map(),
      patientUntil: 0,
      lastTick: now,
      deviceKind: recovery.deviceKind,
    },
    leases: { plan: null, rounds: 0 },
    origin: { gathering: firstGathering(options, recovery, now), source: null, sourceStep: 0 },
    transfers: { captures: new Map(), shares: null, count: 0 },
    checkpoint: {
      ...{ lastStep: -1, askedStep: -1, averagesStep: null },
      ...{ lastAt: now, saving: false, wanted: false, failures: 0 },
    },
    replicas: initialReplicas(recovery),
    journal: { head: recovery.journal, history: new Map(recovery.history), started: false },
    losses: initialLosses(recovery),
    ending: { stop: null, finishing: null },
  };
}

function firstGathering({ gatherMs }: MachineOptions, recovery: Recovery, now: number): Gathering {
  return {
    until: now + (recovery.brokenOff ? gatherMs : 0),
    atMost: recovery.heldAtMost,
    reason: recovery.brokenOff ? 'the coordinator was started again' : 'the run starts',
    checkpoint: undefined,
    asked: null,
    adopting: false,
  };
}

function initialReplicas({ agreed, globalStep, trust }: Recovery): Replicas {
  const unknown = { fingerprints: null, lentAt: new Map<string, number>(), donatedAt: -1 };
  return { ...unknown, agreed, knownFrom: globalStep, trust, distrustedTransfers: 0 };
}

function initialLosses({ heldOut, nonFinite }: Recovery): Losses {
  const step = heldOut?.globalStep ?? -1;
  return { train: null, heldOut: { askedStep: step, loss: heldOut?.loss ?? null, step }, nonFinite };
}
