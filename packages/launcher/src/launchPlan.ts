import { join } from 'node:path';
import { fleetError } from '@ddpm-fleet/core';
import type { GpuId } from './gpus.js';
import type { HostResources } from './resources.js';

export type Role = 'coordinator' | 'worker';

/** One process of a run: everything that a driver needs to start it. */
export interface ProcessSpec {
  /** `coordinator`, or `worker-K`: stable over restarts. */
  readonly id: string;
  readonly role: Role;
  readonly host: string;
  /** What node is given: the entry file and its arguments. */
  readonly args: readonly string[];
  /** Added to the environment of the driver. */
  readonly env: Readonly<Record<string, string>>;
  /** stdout and stderr are appended here. */
  readonly logFile: string;
  readonly device: Device;
  /** Its CURVE keys, on this host: the driver hands them over by file or environment, never on a command line. */
  readonly keyFile?: string;
}

export type Device =
  | { readonly kind: 'cpu'; readonly threads: number }
  | { readonly kind: 'gpu'; readonly id: GpuId; readonly name?: string; readonly memoryBytes?: number };

/** Who runs where, with what environment: decided before anything starts, so that it can be printed. */
export interface LaunchPlan {
  readonly coordinator: ProcessSpec;
  readonly workers: readonly ProcessSpec[];
  readonly rendezvous: Rendezvous;
  /** Sentences for the user, e.g. that workers share a GPU. */
  readonly notes: readonly string[];
}

/** How workers find the coordinator. */
export interface Rendezvous {
  /** Where it listens: data is on the port after it. Absent: workers read it from the run's directory. */
  readonly address?: string;
  /** Encrypted by CURVE, with keys made at launch. */
  readonly encrypted: boolean;
}

export interface LaunchRequest {
  readonly runDir: string;
  /** 0: the coordinator alone; others start workers. */
  readonly workers: number;
  readonly hosts: readonly HostResources[];
  /** Default: the first host. */
  readonly coordinatorHost?: string;
  /** Installation of this host: arguments that lie in it are said of the other host's. */
  readonly root?: string;
  readonly rendezvous?: Rendezvous;
  readonly keyFiles?: Readonly<Record<Role, string>>;
  /** Intra-op threads of a worker on a CPU. */
  readonly threads: number;
  readonly entries: Readonly<Record<Role, readonly string[]>>;
  readonly env: Readonly<Record<Role, Readonly<Record<string, string>>>>;
}

/**
 * Spreads workers over GPUs where a host has any, else over cores.
 * @throws DDPM_ERR_LAUNCH_PLAN for no hosts or a number of workers that is none
 */
export function planLaunch(request: LaunchRequest): LaunchPlan {
  const [first] = request.hosts;
  if (!first) throw fleetError('DDPM_ERR_LAUNCH_PLAN', { detail: 'there is no host to run on' });
  if (!Number.isInteger(request.workers) || request.workers < 0) {
    throw fleetError('DDPM_ERR_LAUNCH_PLAN', { detail: `${request.workers} workers were asked for` });
  }
  const places = placesOf(request);
  const workers = Array.from({ length: request.workers }, (_, k) =>
    workerSpec(request, k, places[k % places.length]!),
  );
  return {
    coordinator: coordinatorSpec(request, request.coordinatorHost ?? first.host),
    workers,
    rendezvous: request.rendezvous ?? { encrypted: false },
    notes: notesOn(request, places),
  };
}

interface Place {
  readonly host: HostResources;
  readonly device: Device;
}

function placesOf({ hosts, threads }: LaunchRequest): Place[] {
  const gpus = hosts.flatMap((host) =>
    host.gpus.map((id, i): Place => {
      const name = host.gpuNames?.[i];
      const memoryBytes = host.gpuBytes?.[i];
      return {
        host,
        device: { kind: 'gpu', id, ...(name && { name }), ...(memoryBytes && { memoryBytes }) },
      };
    }),
  );
  if (gpus.length > 0) return gpus;
  return hosts.flatMap((host) =>
    Array.from({ length: Math.max(1, Math.floor(host.cores / threads)) }, (): Place => ({
      host,
      device: { kind: 'cpu', threads },
    })),
  );
}

function coordinatorSpec(request: LaunchRequest, host: string): ProcessSpec {
  return {
    id: 'coordinator',
    role: 'coordinator',
    host,
    args: request.entries.coordinator,
    env: request.env.coordinator,
    logFile: join(request.runDir, 'logs', 'coordinator.ndjson'),
    device: { kind: 'cpu', threads: 1 },
    ...keyFileOf(request, 'coordinator'),
  };
}

function keyFileOf({ keyFiles }: LaunchRequest, role: Role): { keyFile?: string } {
  return keyFiles ? { keyFile: keyFiles[role] } : {};
}

function argsOn({ root }: HostResources, request: LaunchRequest): readonly string[] {
  const { worker } = request.entries;
  if (root === undefined || request.root === undefined) return worker;
  return worker.map((arg) =>
    arg.startsWith(`${request.root}/`) ? `${root}${arg.slice(request.root!.length)}` : arg,
  );
}

/** The TensorFlow binding keeps the last GPU that it sees, so each worker sees exactly one (or none). */
function workerSpec(request: LaunchRequest, k: number, { host, device }: Place): ProcessSpec {
  const id = `worker-${k}`;
  return {
    id,
    role: 'worker',
    host: host.host,
    args: argsOn(host, request),
    env: {
      ...request.env.worker,
      ...host.env,
      DDPM_FLEET_WORKER_ID: id,
      CUDA_VISIBLE_DEVICES: device.kind === 'gpu' ? String(device.id) : '-1',
    },
    logFile: join(request.runDir, 'logs', `${id}.ndjson`),
    device,
    ...keyFileOf(request, 'worker'),
  };
}

function notesOn(request: LaunchRequest, places: readonly Place[]): string[] {
  const { hosts, workers } = request;
  const several = hosts.length > 1;
  const ofHosts = hosts.flatMap(({ host, notes = [] }) =>
    notes.map((note) => (several ? `${host}: ${note}` : note)),
  );
  return [
    ...ofHosts,
    ...(workers > places.length ? [sharedNote(request, places)] : idleNote(workers, places)),
  ];
}

function sharedNote({ workers, threads }: LaunchRequest, places: readonly Place[]): string {
  const what =
    places[0]!.device.kind === 'gpu' ? 'GPUs' : `${threads === 1 ? 'cores' : `sets of ${threads} cores`}`;
  return `${workers} workers share ${places.length} ${what}: each will be slower; the weights are the same.`;
}

/** 0 workers: others start them. */
function idleNote(workers: number, places: readonly Place[]): string[] {
  const idle = places
    .slice(workers)
    .flatMap(({ host, device }) => (device.kind === 'gpu' ? [`${host.host} GPU ${device.id}`] : []));
  if (workers === 0 || idle.length === 0) return [];
  return [
    `WARNING: ${idle.length} of ${places.length} GPUs are left idle (${idle.join(', ')}): --workers ${places.length} uses all.`,
  ];
}
