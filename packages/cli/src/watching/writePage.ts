import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fleetError } from '@ddpm-fleet/core';

/** @throws DDPM_ERR_REPORT_OUT */
export function writePage(file: string, text: string): void {
  try {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  } catch (cause) {
    throw fleetError('DDPM_ERR_REPORT_OUT', { file, reason: (cause as Error).message }, { cause });
  }
}
