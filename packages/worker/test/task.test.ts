import test from 'ava';
import { nextTask, type ReplicaView, type Task } from '../src/task.js';

const IDLE: ReplicaView = {
  paused: false,
  loadDue: false,
  holdsState: true,
  owes: false,
  committed: false,
  ready: false,
  asked: false,
  mayDefer: false,
  level: true,
};

const cases: [string, Partial<ReplicaView>, Task][] = [
  ['nothing to do', {}, 'wait'],
  ['paused, whatever is due', { paused: true, loadDue: true, owes: true, ready: true }, 'wait'],
  ['a state to take in goes before everything', { loadDue: true, owes: true, ready: true }, 'load'],
  ['nothing is held: roots wait', { holdsState: false, ready: true, committed: true }, 'wait'],
  ['slots go before snapshots', { owes: true, asked: true }, 'slots'],
  ['slots of a step that stands are of no use', { owes: true, committed: true }, 'wait'],
  ['and are not computed before it is applied', { owes: true, committed: true, ready: true }, 'apply'],
  ['a snapshot goes before the step is applied', { asked: true, ready: true, committed: true }, 'serve'],
  ['even if it could wait for slots', { asked: true, ready: true, committed: true, mayDefer: true }, 'serve'],
  ['a snapshot that may wait for slots does', { asked: true, mayDefer: true }, 'wait'],
  ['a snapshot that waited long enough', { asked: true }, 'serve'],
  ['a step that stands is applied', { ready: true, committed: true }, 'apply'],
  ['level only when nothing is left to apply', { level: false, ready: true, committed: true }, 'apply'],
  ['then it is told', { level: false }, 'tellLevel'],
];

for (const [title, view, task] of cases) {
  test(title, (t) => t.is(nextTask({ ...IDLE, ...view }), task));
}
