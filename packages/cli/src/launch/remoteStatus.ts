import { readFileSync } from 'node:fs';
import { fleetError } from '@ddpm-fleet/core';
import { parseAddress, zmqTransport, type ClientSecurity } from '@ddpm-fleet/transport';
import type { Live } from './live.js';

const ANSWER_MS = 5000;
/** More workers than any run has, each a few hundred bytes. */
const ANSWER_BYTES = 4 << 20;
/** Control, data, readers: neighbouring ports. */
const READER_OFFSET = 2;

/**
 * The status of a run by its coordinator's control address, for who holds a reader's key.
 * @throws DDPM_ERR_STATUS_REMOTE
 */
export async function remoteStatus(control: string, keyFile: string): Promise<Live> {
  const { host, port } = parseAddress(control);
  const address = `tcp://${host}:${port + READER_OFFSET}`;
  const transport = zmqTransport({ client: readKeys(keyFile) });
  let timer: NodeJS.Timeout | undefined;
  try {
    return await new Promise<Live>((resolve, reject) => {
      const fail = (reason: string) => reject(fleetError('DDPM_ERR_STATUS_REMOTE', { address, reason }));
      timer = setTimeout(() => fail(`no answer within ${ANSWER_MS / 1000} s`), ANSWER_MS);
      const dealer = transport.dealer(
        { address, peer: `reader-${process.pid}`, maxFrameBytes: ANSWER_BYTES },
        {
          onMessage: ([text]) => {
            if (text && text.length > 0) resolve(JSON.parse(Buffer.from(text).toString('utf8')) as Live);
          },
          onConnected: () => void dealer.then((socket) => socket.send([Buffer.from('status')])),
          onDisconnected: () => undefined,
          onRefused: fail,
        },
      );
      dealer.catch(reject);
    });
  } finally {
    clearTimeout(timer);
    await transport.close();
  }
}

function readKeys(file: string): ClientSecurity {
  try {
    const { publicKey, secretKey, serverKey } = JSON.parse(readFileSync(file, 'utf8')) as Record<
      'publicKey' | 'secretKey' | 'serverKey',
      string
    >;
    return { keys: { publicKey, secretKey }, serverKey };
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code ?? 'it is no key file';
    throw fleetError('DDPM_ERR_STATUS_REMOTE', { address: file, reason });
  }
}
