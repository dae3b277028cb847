import { readFileSync } from 'node:fs';
import { fleetError } from '@ddpm-fleet/core';
import type { ClientSecurity } from '@ddpm-fleet/transport';

/**
 * Reads `{"publicKey", "secretKey", "serverKey"}`, Z85 text of 40 characters each.
 * @throws DDPM_ERR_WORKER_KEYS
 */
export function readKeyFile(file: string): ClientSecurity {
  try {
    const { publicKey, secretKey, serverKey } = JSON.parse(readFileSync(file, 'utf8')) as Record<
      string,
      unknown
    >;
    return { keys: { publicKey: key(publicKey), secretKey: key(secretKey) }, serverKey: key(serverKey) };
  } catch (cause) {
    // The cause of a syntax error would quote the file, and the file is secret.
    const reason =
      (cause as NodeJS.ErrnoException).code ?? 'it does not hold publicKey, secretKey and serverKey';
    throw fleetError('DDPM_ERR_WORKER_KEYS', { file, reason });
  }
}

function key(value: unknown): string {
  if (typeof value === 'string' && value.length === 40) return value;
  throw new TypeError('not a key');
}
