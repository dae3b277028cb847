import test from 'ava';
import { Attribution } from '../../src/goodput/attribution.js';
import { Seat } from '../../src/goodput/seat.js';
import type { Peer } from '../../src/machine/index.js';

function peer(changes: Partial<Peer> = {}): Peer {
  return {
    ...{ peer: 'p', workerId: 'w', host: 'h', pid: 1, status: 'active', lastSeen: 0, attached: null },
    ...{
      deviceKind: '',
      held: null,
      source: null,
      delivered: false,
      fromStep: 0,
      lag: 0,
      slotMs: 0,
      note: '',
    },
    ...changes,
  };
}

test('one part is open at a time', (t) => {
  const seat = new Seat(1000);
  seat.meet(1000, peer(), 0);
  seat.enter(3000, 'compute');
  seat.enter(4000, 'compute');
  seat.enter(7000, 'waiting');
  t.deepEqual(seat.parts(8000), { starting: 2, compute: 4, waiting: 1 });
});

test('silence before a loss is detecting, also of those who waited; what follows until the name returns is away', (t) => {
  const lost = peer();
  const [seat, other] = [new Seat(0), new Seat(0)];
  seat.meet(0, lost, 0);
  other.meet(0, peer({ peer: 'q' }), 0);
  seat.enter(0, 'compute');
  other.enter(0, 'compute');
  other.enter(1000, 'waiting');
  lost.lastSeen = 3000;
  other.blame(5000, 3000);
  seat.lose(5000);
  other.enter(5000, 'compute');
  t.deepEqual(seat.parts(9000), { compute: 3, detecting: 2 });
  seat.meet(9000, peer({ peer: 'p2' }), null);
  t.deepEqual(seat.parts(9500), { starting: 0.5, compute: 3, detecting: 2, away: 4 });
  t.deepEqual(other.parts(6000), { compute: 2, waiting: 2, detecting: 2 });
});

test('another life of the coordinator goes on counting; between them a process lived if it holds a state', (t) => {
  const counted = { workers: { w: { compute: 10 } }, globalStep: 5, agoMs: 2000 };
  t.deepEqual(new Attribution(0, counted).workers(500), { w: { compute: 10 } });
  const seat = new Seat(0, { compute: 10 });
  const fresh = peer({ status: 'preparing' });
  seat.meet(1000, fresh, 3000);
  seat.enter(1500, 'starting');
  t.deepEqual(seat.parts(1500), { starting: 0.5, compute: 10 });
  fresh.held = { globalStep: 5, lineHash: null };
  seat.enter(2000, 'starting');
  t.deepEqual(seat.parts(2000), { starting: 1, compute: 10, idle: 3 });
});
