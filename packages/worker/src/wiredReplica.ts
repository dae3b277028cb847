import { fingerprintText } from '@ddpm-fleet/protocol';
import type { Logger } from 'pino';
import { Exchange } from './exchange.js';
import type { Link } from './link.js';
import type { Prepared } from './prepare.js';
import { Replica } from './replica.js';

export interface WiredEvents {
  readonly generation: () => number;
  readonly onDamaged: () => void;
  readonly onFailure: (error: unknown) => void;
}

/** A replica whose results go out over `link`. */
export function wiredReplica(
  prepared: Prepared,
  link: Link,
  run: bigint,
  log: Logger,
  events: WiredEvents,
): Replica {
  const { config, compute, prefetch, commits, buckets, heldOut } = prepared;
  const exchange = new Exchange(link, run, buckets, config.fleet.wireDtype);
  return new Replica({
    compute,
    prefetch,
    commits,
    shape: config.batch,
    heldOut,
    events: {
      onPartial: (globalStep, leased, sum, images) => exchange.sendPartial(globalStep, leased, sum, images),
      onLevel: (globalStep, fingerprint) => {
        link.send({ type: 'READY', globalStep, fingerprint: fingerprintText(fingerprint) });
        log.info({ globalStep }, 'ready');
      },
      onFingerprint: (globalStep, value) =>
        link.send({ type: 'FINGERPRINT', globalStep, value: fingerprintText(value) }),
      onState: ({ transfer }, state, fingerprint) => {
        exchange
          .sendState({ generation: events.generation(), transfer }, state, fingerprint)
          .catch(events.onFailure);
      },
      onEvaluated: (globalStep, weights, loss) =>
        link.send({ type: 'EVALUATED', globalStep, weights, loss: Number.isFinite(loss) ? loss : null }),
      onApplied: (globalStep, times) => {
        if (globalStep % config.log.everySteps === 0) log.info({ globalStep, ...rounded(times) }, 'applied');
      },
      onDamaged: events.onDamaged,
      onFailure: events.onFailure,
    },
  });
}

function rounded<T extends object>(times: T): T {
  return Object.fromEntries(
    Object.entries(times).map(([key, ms]) => [key, Math.round((ms as number) * 10) / 10]),
  ) as T;
}
