import test, { type ExecutionContext } from 'ava';
import { newKeyPair } from '@ddpm-fleet/transport';
import { until } from '../support/processes.js';
import { eavesdrop, foreignFrame, fuzzedControl, fuzzedFrame, knock, openSockets } from './attackers.js';
import { digestOf, startTarget, undisturbed, type Target } from './target.js';

/** `npm run test:attacks` asks for all of it, `DDPM_FLEET_ATTACKS=short` for a tenth; `npm test` leaves it out. */
const size = process.env.DDPM_FLEET_ATTACKS;
const LONG = size === 'long';
const attack = size === undefined ? test.skip : test.serial;
const [FUZZED, CONNECTIONS, LORIS] = LONG ? [10_000, 1000, 300] : [1000, 200, 30];

/** What an attacked coordinator may need beyond what it needs anyway. */
const MORE_MIB = 150;

attack('attacked from all sides, a run ends with the same digest in the same memory', async (t) => {
  t.timeout(600_000);
  const target = await startTarget(t);
  await until(() => target.step() >= 1, 'it trains', 120_000);
  const calm = target.peakMiB();
  const began = Date.now();
  await strangers(t, target);
  await nonsense(t, target);
  await replay(t, target);
  await crowds(t, target);
  const took = (Date.now() - began) / 1000;
  const peak = target.peakMiB();
  const steps = await target.stop();
  t.is(await digestOf(target.dir), await undisturbed(t, steps));
  t.true(peak < calm + MORE_MIB, `${peak} MiB, ${calm} before`);
  refusalsAreSaidOnce(t, target.log());
  t.log(
    `${took.toFixed(0)} s of attacks, ${steps} steps; coordinator ${calm.toFixed(0)} MiB before, ${peak.toFixed(0)} MiB at most`,
  );
});

/** No key, a wrong one, one for reading. */
async function strangers(t: ExecutionContext, target: Target): Promise<void> {
  const { control, host } = target;
  const { serverKey } = target.keys('worker');
  const knocks = [undefined, { keys: newKeyPair(), serverKey }, target.keys('reader')];
  for (const port of [control, control + 1]) {
    for (const keys of knocks) {
      const end = await knock(`tcp://${host}:${port}`, keys);
      await until(() => end.refused.length > 0, 'it is refused', 10_000);
      t.is(end.connects, 0);
      await end.close();
    }
  }
  const reader = await knock(`tcp://${host}:${control + 2}`, target.keys('reader'), 'reader.1');
  await until(() => reader.connects > 0, 'a reader may read', 10_000);
  await reader.close();
}

/** Whoever has a worker's key, and sends what is none of the protocol. */
async function nonsense(t: ExecutionContext, target: Target): Promise<void> {
  const { control, host } = target;
  const end = await knock(`tcp://${host}:${control}`, target.keys('worker'), 'fuzz.1');
  const data = await knock(`tcp://${host}:${control + 1}`, target.keys('worker'), 'fuzz.1');
  await until(() => end.connects > 0 && data.connects > 0, 'both are let in', 10_000);
  for (let n = 0; n < FUZZED; n++) {
    end.dealer.send([fuzzedControl(n)]);
    data.dealer.send([fuzzedFrame(n)]);
    if (n % 500 === 0) await Promise.all([end.dealer.flush(), data.dealer.flush()]);
  }
  data.dealer.send(foreignFrame());
  await Promise.all([end.dealer.flush(), data.dealer.flush()]);
  const before = end.disconnects;
  end.dealer.send([Buffer.alloc(32 << 20)]);
  await until(() => end.disconnects > before, 'a frame that is too large ends the connection', 20_000);
  await Promise.all([end.close(), data.close()]);
  t.pass();
}

/** What a worker said is overheard and said again, byte for byte. */
async function replay(t: ExecutionContext, target: Target): Promise<void> {
  const { control, host } = target;
  const relay = await eavesdrop(host, control);
  const end = await knock(`tcp://127.0.0.1:${relay.port}`, target.keys('worker'), 'victim.1');
  await until(() => end.connects > 0, 'the victim is let in', 30_000);
  end.dealer.send([fuzzedControl(0)]);
  await end.dealer.flush();
  await until(() => relay.heard().length > 500, 'enough was overheard', 10_000);
  const { sockets, cut } = await openSockets(host, control, 1);
  sockets[0]!.write(relay.heard());
  await until(() => cut() === 1, 'what is said again is not believed', 20_000);
  await end.close();
  relay.close();
  t.pass();
}

/** Many who say nothing, and some who say it slowly. */
async function crowds(t: ExecutionContext, target: Target): Promise<void> {
  const { control, host } = target;
  const silent = await openSockets(host, control, CONNECTIONS);
  const slow = await openSockets(host, control + 1, LORIS);
  const drip = setInterval(() => {
    if (target.process.exitCode !== null) clearInterval(drip);
    for (const socket of slow.sockets) if (socket.writable) socket.write(Buffer.of(0xff));
  }, 400);
  const before = target.step();
  await until(() => silent.cut() === CONNECTIONS, 'the silent are cut off', 30_000);
  await until(() => slow.cut() === LORIS, 'the slow are cut off', 30_000);
  clearInterval(drip);
  await until(() => target.step() > before, 'it trains meanwhile', 20_000);
  t.pass();
}

function refusalsAreSaidOnce(t: ExecutionContext, log: string): void {
  const warnings = log
    .split('\n')
    .filter((line) => line.startsWith('{') && line.includes('"level":40'))
    .map((line) => (JSON.parse(line) as { msg: string }).msg);
  const refused = warnings.filter((msg) => /refused: |what is no message/.test(msg));
  t.is(new Set(refused).size, refused.length, refused.join('\n'));
  for (const reason of [
    /is not on the allow-list/,
    /the key "reader" may read and not take part/,
    /handshake/,
  ]) {
    t.is(
      refused.filter((msg) => reason.test(msg)).length > 0,
      true,
      `${reason} is not said:\n${refused.join('\n')}`,
    );
  }
  t.true(refused.length < 40, refused.join('\n'));
}
