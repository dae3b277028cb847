import { readFileSync } from 'node:fs';
import { fleetError } from '@ddpm-fleet/core';
import type { ClientSecurity } from '@ddpm-fleet/transport';

/**
 * Reads `{"publicKey", "secretKey", "serverKey"}`, Z85 text of 40 characters each.
 * @throws DDPM_ERR_WORKER_KEYS
 */
export function readKeyFile(file: string): ClientSecurity {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw fleetError('DDPM_ERR_WORKER_KEYS', {
      file,
      reason: (error as NodeJS.ErrnoException).code ?? 'unreadable',
    });
  }
  return parseKeys(text, file);
}

/** @param file where the text is from, for the error. @throws DDPM_ERR_WORKER_KEYS */
export function parseKeys(text: string, file: string): ClientSecurity {
  try {
    const { publicKey, secretKey, serverKey } = JSON.parse(text) as Record<string, unknown>;
    return { keys: { publicKey: key(publicKey), secretKey: key(secretKey) }, serverKey: key(serverKey) };
  } catch {
    // The cause of a syntax error would quote the text, and the text is secret.
    throw fleetError('DDPM_ERR_WORKER_KEYS', {
      file,
      reason: 'it does not hold publicKey, secretKey and serverKey',
    });
  }
}

function key(value: unknown): string {
  if (typeof value === 'string' && value.length === 40) return value;
  throw new TypeError('not a key');
}
