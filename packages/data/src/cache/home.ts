import { homedir } from 'node:os';
import { join } from 'node:path';

/** Where what can be computed again is kept: DDPM_FLEET_HOME, else ~/.cache/ddpm-fleet. */
export function cacheHome(): string {
  return process.env['DDPM_FLEET_HOME'] || join(homedir(), '.cache', 'ddpm-fleet');
}

/** Where decoded data sets are kept. */
export function dataHome(): string {
  return join(cacheHome(), 'data');
}
