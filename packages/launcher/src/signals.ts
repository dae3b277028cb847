import type { Launch } from './launch.js';

const STOP = ['SIGINT', 'SIGTERM'] as const;

/**
 * Ctrl-C, preemption and a closed terminal end the run with a last checkpoint; SIGUSR1 asks for a checkpoint only, and so
 * does SIGHUP where there was no terminal to close.
 * @returns stops listening
 */
export function obeySignals(launch: Launch, hasTerminal: boolean): () => void {
  const stop = (signal: NodeJS.Signals) => launch.stop(signal);
  const checkpoint = () => launch.checkpoint();
  const hangUp = hasTerminal ? stop : checkpoint;
  for (const signal of STOP) process.on(signal, stop);
  process.on('SIGUSR1', checkpoint).on('SIGHUP', hangUp);
  return () => {
    for (const signal of STOP) process.off(signal, stop);
    process.off('SIGUSR1', checkpoint).off('SIGHUP', hangUp);
  };
}
