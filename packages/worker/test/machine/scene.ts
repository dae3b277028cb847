import { makeLayout, type TrainState } from '@ddpm-fleet/core';
import type { ControlMessage, StateSource } from '@ddpm-fleet/protocol';
import type { WorkerEffect, WorkerEffectOf } from '../../src/machine/effects.js';
import type { Facts, NodeResult, Run, WorkerEventOf } from '../../src/machine/events.js';
import { initialState, replicaOf, type Replica, type WorkerState } from '../../src/machine/state.js';
import { step } from '../../src/machine/step.js';
import type { News } from '../../src/shell/ports.js';
import { tinyConfig } from '../tinyRun.js';
import { imagesFrame, rootFrame, stepCommit } from './frames.js';

const IDENTITY = { workerId: 'worker-0', host: 'here', pid: 7 };

/** Three parameters in one bucket; four slots of two images. */
export const FACTS: Facts = {
  layout: makeLayout([{ name: 'w', shape: [3] }]),
  identityHash: 'a'.repeat(64),
  datasetHash: 'b'.repeat(64),
  datasetSize: 100,
  engine: { kind: 'wasm', version: '1', device: 'model', threads: 1 },
  deviceKind: 'model',
};

export const RUN: Run = { runId: 'r', runDir: '/runs/r', config: tinyConfig() };

/** A worker's machine, the time, and what it wants done, in short. */
export class Scene {
  readonly state: WorkerState = initialState(IDENTITY, 0);
  now = 0;
  effects: WorkerEffect[] = [];

  /** One event. Returns what it led to, in short. */
  take(news: News): string[] {
    this.effects = step(this.state, { ...news, now: this.now }).effects;
    return this.effects.filter(({ type }) => type !== 'log').map(short);
  }

  hear(message: WorkerEventOf<'message'>['message']): string[] {
    return this.take({ type: 'message', message });
  }

  effect<K extends WorkerEffect['type']>(type: K): WorkerEffectOf<K> {
    return this.effects.find((effect): effect is WorkerEffectOf<K> => effect.type === type)!;
  }

  sent<K extends ControlMessage['type']>(type: K): Extract<ControlMessage, { type: K }> {
    const messages = this.effects.flatMap((effect) => (effect.type === 'send' ? [effect.message] : []));
    return messages.find(
      (message): message is Extract<ControlMessage, { type: K }> => message.type === type,
    )!;
  }

  get replica(): Replica {
    return replicaOf(this.state)!;
  }

  welcome(state: StateSource, generation = 1): string[] {
    return this.hear({ type: 'WELCOME', generation, state });
  }

  lease(globalStep: number, start = 0, end = 4, generation = 1): string[] {
    return this.hear({ type: 'STEP_BEGIN', generation, globalStep, runs: [{ start, end }] });
  }

  done(globalStep: number, level: number, index: number, sum?: Float32Array): string[] {
    return this.take({ type: 'nodeDone', globalStep, node: { level, index }, result: resultOf(sum) });
  }

  /** STEP_COMMIT and its whole root. */
  commit(globalStep: number, generation = 1): string[] {
    this.hear(stepCommit(globalStep, { generation }));
    this.take({ type: 'frame', frame: rootFrame(globalStep, 0, new Float32Array([1, 2, 3]), generation) });
    return this.take({ type: 'frame', frame: imagesFrame(globalStep, [1], [0.5], generation) });
  }
}

export function greeting(): Scene {
  const scene = new Scene();
  scene.take({ type: 'start' });
  scene.take({ type: 'connected' });
  scene.take({ type: 'run', run: RUN });
  scene.take({ type: 'prepared', facts: FACTS });
  return scene;
}

/** Ready at step 0. */
export function working(): Scene {
  const scene = greeting();
  scene.welcome({ from: 'seed', globalStep: 0 });
  scene.take({ type: 'loaded', fingerprint: undefined });
  scene.take({ type: 'fingerprinted', fingerprint: 1n });
  return scene;
}

export const STATE: TrainState = {
  globalStep: 7,
  params: new Float32Array([1, 2, 3]),
  optimizer: { m: new Float32Array(3), v: new Float32Array(3) },
  emas: [],
  derived: [],
};

function resultOf(sum?: Float32Array): NodeResult {
  return { sum, t: new Int32Array([3]), loss: new Float32Array([0.1]), computeMs: 10 };
}

function short(effect: WorkerEffect): string {
  switch (effect.type) {
    case 'send':
      return effect.message.type;
    case 'compute':
      return `compute ${effect.globalStep} ${effect.nodes.map(({ start, end }) => `[${start}, ${end})`).join(' ')}`;
    case 'sendSum':
      return `sendSum ${effect.globalStep} [${effect.leased.start}, ${effect.leased.end}) of ${effect.leased.generation}`;
    case 'wake':
      return `wake ${effect.due} ${effect.afterMs}`;
    case 'exit':
      return `exit ${effect.end.exitCode}`;
    default:
      return effect.type;
  }
}
