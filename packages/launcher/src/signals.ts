import type { Launch } from './launch.js';

const STOP = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * Ctrl-C, preemption and a closed terminal end the run with a last checkpoint; SIGUSR1 asks for a checkpoint only.
 * @returns stops listening
 */
export function obeySignals(launch: Launch): () => void {
  const stop = (signal: NodeJS.Signals) => launch.stop(signal);
  const checkpoint = () => launch.checkpoint();
  for (const signal of STOP) process.on(signal, stop);
  process.on('SIGUSR1', checkpoint);
  return () => {
    for (const signal of STOP) process.off(signal, stop);
    process.off('SIGUSR1', checkpoint);
  };
}
