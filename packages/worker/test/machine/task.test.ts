import test from 'ava';
import { nextTask, type ReplicaView, type Task } from '../../src/machine/task.js';

const IDLE: ReplicaView = {
  owes: false,
  computes: false,
  committed: false,
  ready: false,
  asked: false,
  mayDefer: false,
  level: true,
};

const cases: [string, Partial<ReplicaView>, Task][] = [
  ['nothing to do', {}, 'wait'],
  ['slots go before snapshots', { owes: true, asked: true }, 'slots'],
  ['more slots are handed over while others are computed', { owes: true, computes: true }, 'slots'],
  [
    'everything else waits for what is computed',
    { computes: true, asked: true, ready: true, level: false },
    'wait',
  ],
  ['slots of a step that stands are of no use', { owes: true, committed: true }, 'wait'],
  ['and are not computed before it is applied', { owes: true, committed: true, ready: true }, 'apply'],
  ['a snapshot goes before the step is applied', { asked: true, ready: true, committed: true }, 'serve'],
  ['even if it could wait for slots', { asked: true, ready: true, committed: true, mayDefer: true }, 'serve'],
  ['a snapshot that may wait for slots does', { asked: true, mayDefer: true }, 'defer'],
  ['a snapshot that waited long enough', { asked: true }, 'serve'],
  ['a step that stands is applied', { ready: true, committed: true }, 'apply'],
  ['level only when nothing is left to apply', { level: false, ready: true, committed: true }, 'apply'],
  ['then it is told', { level: false }, 'tellReady'],
];

for (const [title, view, task] of cases) {
  test(title, (t) => t.is(nextTask({ ...IDLE, ...view }), task));
}
