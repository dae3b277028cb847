import { Worker } from 'node:worker_threads';
import { once } from 'node:events';
import test from 'ava';
import { SlotBoard } from '../../src/compute/slotBoard.js';

test('tickets up to the cancelled one are called off, later ones are not', (t) => {
  const board = new SlotBoard();
  t.false(board.isCancelled(1));
  board.cancelUpTo(3);
  t.deepEqual(
    [1, 2, 3, 4].map((ticket) => board.isCancelled(ticket)),
    [true, true, true, false],
  );
});

test('a thread that takes no messages sees the cancellation, and its progress is seen', async (t) => {
  const board = new SlotBoard();
  const url = JSON.stringify(new URL('../../src/compute/slotBoard.js', import.meta.url).href);
  const thread = new Worker(
    `import(${url}).then(({ SlotBoard }) => {
      const board = new SlotBoard(require('node:worker_threads').workerData);
      board.finishSlot();
      while (!board.isCancelled(1));
      board.finishSlot();
    })`,
    { eval: true, workerData: board.shared },
  );
  while (board.finished < 1) await new Promise((resolve) => setTimeout(resolve, 5));
  board.cancelUpTo(1);
  await once(thread, 'exit');
  t.is(board.finished, 2);
});
