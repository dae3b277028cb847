import { homedir } from 'node:os';
import { join } from 'node:path';

/** Where decoded data sets are kept: data/ under DDPM_FLEET_HOME, else under ~/.cache/ddpm-fleet. */
export function dataHome(): string {
  return join(process.env['DDPM_FLEET_HOME'] || join(homedir(), '.cache', 'ddpm-fleet'), 'data');
}
