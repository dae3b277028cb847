import { readFileSync } from 'node:fs';
import { arch, cpus } from 'node:os';
import type { EngineDescription } from '@ddpm-fleet/engine';

/**
 * What decides the bits besides a run's identity. Two workers that print the same text compute the same sums. The
 * engine's version is there with its build, e.g. the operations of its own that the addon has.
 * oneDNN picks its kernels and block sizes by instruction set and cache size, so a CPU is known by its model;
 * WebAssembly computes the same everywhere.
 */
export function deviceKind({ kind, version, device }: EngineDescription): string {
  if (kind === 'wasm') return `wasm ${version}`;
  if (device !== 'cpu') return `${device}, driver ${nvidiaDriver()}, ${kind} ${version}`;
  return `${arch()} ${cpus()[0]?.model.trim() ?? 'cpu'}, ${kind} ${version}`;
}

function nvidiaDriver(): string {
  try {
    const text = readFileSync('/proc/driver/nvidia/version', 'utf8');
    return /Kernel Module.*?\s(\d+(?:\.\d+)+)/.exec(text)?.[1] ?? 'unknown';
  } catch {
    return 'unknown';
  }
}
