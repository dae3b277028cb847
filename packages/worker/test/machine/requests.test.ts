import test from 'ava';
import { Requests } from '../../src/machine/requests.js';

test('a question waits for its step, is taken once, and dropped when it came too late', (t) => {
  const requests = new Requests();
  requests.add({ kind: 'state', globalStep: 5, transfer: 1 });
  requests.add({ kind: 'evaluate', globalStep: 5, weights: 'raw' });
  requests.add({ kind: 'state', globalStep: 3, transfer: 2 });
  t.is(requests.at(4), undefined);
  t.like(requests.take(5), { kind: 'state', transfer: 1 });
  t.like(requests.take(5), { kind: 'evaluate' });
  t.is(requests.take(5), undefined);
  t.is(requests.at(3), undefined, 'step 3 is over');
});
