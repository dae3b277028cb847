import { fingerprintText } from '@ddpm-fleet/protocol';
import type { Logger } from 'pino';
import { Exchange } from './exchange.js';
import type { Link } from './link.js';
import type { Prepared } from './prepare.js';
import { Replica } from './replica.js';
import type { ReplicaEvents } from './replicaEvents.js';

export interface WiredEvents extends Pick<ReplicaEvents, 'onShare' | 'onDamaged' | 'onFailure'> {
  /** As last heard of. */
  readonly generation: () => number;
}

/** A replica whose results go out over `link`. */
export function wiredReplica(
  prepared: Prepared,
  link: Link,
  run: bigint,
  log: Logger,
  events: WiredEvents,
): Replica {
  const { config, buckets, ...parts } = prepared;
  const exchange = new Exchange(link, run, buckets, config.fleet.wireDtype);
  return new Replica({
    ...parts,
    shape: config.batch,
    events: {
      ...answers(link, exchange, events),
      onLevel: (globalStep, fingerprint) => {
        link.send({ type: 'READY', globalStep, fingerprint: fingerprintText(fingerprint) });
        log.info({ globalStep }, 'ready');
      },
      onApplied: (globalStep, times) => {
        if (globalStep % config.log.everySteps === 0) log.info({ globalStep, ...rounded(times) }, 'applied');
      },
      onShare: events.onShare,
      onDamaged: events.onDamaged,
      onFailure: events.onFailure,
    },
  });
}

/** What is sent as it is computed. */
function answers(link: Link, exchange: Exchange, { generation, onFailure }: WiredEvents) {
  return {
    onPartial: (globalStep, leased, sum, images) => exchange.sendPartial(globalStep, leased, sum, images),
    onFingerprint: (globalStep, value) =>
      link.send({ type: 'FINGERPRINT', globalStep, value: fingerprintText(value) }),
    onState: ({ transfer }, state, fingerprint) => {
      exchange.sendState({ generation: generation(), transfer }, state, fingerprint).catch(onFailure);
    },
    onEvaluated: (globalStep, weights, loss) =>
      link.send({ type: 'EVALUATED', globalStep, weights, loss: Number.isFinite(loss) ? loss : null }),
  } satisfies Partial<ReplicaEvents>;
}

function rounded<T extends object>(times: T): T {
  const entries = Object.entries(times).map(([key, ms]) => [key, Math.round((ms as number) * 10) / 10]);
  return Object.fromEntries(entries) as T;
}
