import assert from 'node:assert/strict';
import { bucketsOf } from '@ddpm-fleet/core';
import { DirectSaver } from '@ddpm-fleet/checkpoint/memory';
import type { CheckpointStore } from '@ddpm-fleet/checkpoint';
import {
  StoredCheckpoints,
  WorkerShell,
  type Prepared,
  type WorkerEffect,
  type WorkerEvent,
} from '@ddpm-fleet/worker/parts';
import type { MessageOf } from '@ddpm-fleet/protocol';
import type { Transport } from '@ddpm-fleet/transport';
import type { Host } from './host.js';
import type { Invariant } from './invariants.js';
import { layoutOf } from './model.js';
import { FACTS } from './settings.js';
import { SimDevice, type SimDeviceOptions } from './simDevice.js';
import { WorkerLedger } from './workerLedger.js';

export interface SimWorkerOptions extends Omit<SimDeviceOptions, 'clock'> {
  readonly workerId: string;
  readonly incarnation: number;
  readonly host: Host;
  readonly transport: Transport;
  readonly addresses: { readonly control: string; readonly data: string };
  /** Milliseconds from JOIN to HELLO. */
  readonly prepareMs: number;
  /** Milliseconds until images are there. */
  readonly readMs: () => number;
  readonly openStore: (location: string) => CheckpointStore;
  readonly storeLocation: string;
  readonly onTurn: (event: WorkerEvent, effects: readonly WorkerEffect[]) => void;
  /** Runs what throws where something does not hold. */
  readonly guard: (check: () => void) => void;
  readonly count: (invariant: Invariant) => void;
  readonly onEnd: (reason: string) => void;
}

const SILENT = { info: () => undefined, warn: () => undefined, error: () => undefined };

/** The real worker, machine and shell, with a device that computes on small arrays. */
export class SimWorker {
  readonly host: Host;
  readonly #options: SimWorkerOptions;
  readonly #device: SimDevice;
  readonly #shell: WorkerShell;
  readonly #ledger: WorkerLedger;
  #ended = false;

  constructor(options: SimWorkerOptions) {
    const { host, workerId, incarnation, addresses, transport } = options;
    this.host = host;
    this.#options = options;
    const { size, bucketBytes } = options.model;
    this.#ledger = new WorkerLedger(bucketsOf(size, bucketBytes).length, options.count);
    this.#device = new SimDevice({ ...options, clock: host.clock });
    const peer = `${workerId}.${incarnation.toString(16).padStart(8, '0')}`;
    this.#shell = new WorkerShell({
      identity: { workerId, host: workerId, pid: incarnation, peer },
      addresses,
      transport: host.transport(transport),
      clock: host.clock,
      log: SILENT,
      prepare: () => this.#prepare(),
      onTurn: (event, effects) => this.#onTurn(event, effects),
      onEnd: ({ reason }) => this.#end(reason),
    });
  }

  async open(): Promise<void> {
    await this.#shell.open();
  }

  get damaged(): boolean {
    return this.#device.damaged;
  }

  /** Takes part, and the coordinator knows what it holds. */
  get isLevel(): boolean {
    const { phase } = this.#shell.state;
    return !this.#ended && phase.name === 'working' && phase.isLevel;
  }

  flipBit(): void {
    this.#device.flipBit();
  }

  damageNextLoad(): void {
    this.#device.damagesNextLoad = true;
  }

  /** SIGTERM. */
  leave(): void {
    this.host.reach(() => this.#shell.take({ type: 'leave', reason: 'asked to leave' }));
  }

  /** Vanishes: the network does the rest. */
  die(): void {
    this.#takeAlong();
    this.host.die();
  }

  /** Whoever is gone is never compared: what its damage did to the sums stays in them. */
  #takeAlong(): void {
    if (this.damaged && !this.#ended) this.#options.onUnnoticed();
    this.#ended = true;
  }

  #end(reason: string): void {
    this.#takeAlong();
    void this.#shell.close();
    this.#options.onEnd(reason);
  }

  #onTurn(event: WorkerEvent, effects: readonly WorkerEffect[]): void {
    if (!this.host.isAlive) return;
    // It was found out.
    if (event.type === 'message' && event.message.type === 'HELLO_AGAIN' && event.message.forget)
      this.#device.damaged = false;
    this.#options.guard(() => {
      this.#ledger.follow(this.#shell.state, event, effects);
      for (const effect of effects)
        if (effect.type === 'send' && effect.message.type === 'HELLO') this.#checkHello(effect.message);
    });
    this.#options.onTurn(event, effects);
  }

  /** WELCOME may be the very next thing that is read. */
  #checkHello({ held }: MessageOf<'HELLO'>): void {
    const { isIdle, replica } = this.#device;
    this.#options.count('HELLO says what an idle device holds');
    assert.ok(isIdle, 'HELLO is said while the device is busy');
    if (held) assert.equal(held.globalStep, replica.globalStep, 'HELLO says what the device does not hold');
  }

  async #prepare(): Promise<Prepared> {
    const { host, model, prepareMs, readMs, openStore, storeLocation } = this.#options;
    await new Promise<void>((resolve) => host.clock.after(prepareMs, resolve));
    const layout = layoutOf(model);
    const engine = { kind: 'wasm', version: '1', device: 'model', threads: 1 } as const;
    const openSaver = (location: string) => new DirectSaver(openStore(location));
    return {
      facts: { ...FACTS, layout, datasetSize: 100, engine },
      device: this.#device,
      checkpoints: new StoredCheckpoints(storeLocation, layout, () => undefined, { openStore, openSaver }),
      batches: {
        take: async (position) => {
          const ms = readMs();
          if (ms > 0) await new Promise<void>((resolve) => host.clock.after(ms, resolve));
          return { position, indices: new Uint32Array(), images: new Uint8Array() };
        },
        expect: () => undefined,
        forgetBefore: () => undefined,
      },
    };
  }
}
