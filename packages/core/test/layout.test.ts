import { createHash } from 'node:crypto';
import test from 'ava';
import { assertSameLayout, isFleetError, makeLayout, viewOf } from '../src/index.js';

const PARAMS = [
  { name: 'conv_in/W', shape: [3, 3, 3, 8] },
  { name: 'conv_in/b', shape: [8] },
  { name: 'scale', shape: [] },
];

test('offsets follow creation order without gaps', (t) => {
  const layout = makeLayout(PARAMS);
  t.deepEqual(
    layout.entries.map(({ name, offset, size }) => [name, offset, size]),
    [
      ['conv_in/W', 0, 216],
      ['conv_in/b', 216, 8],
      ['scale', 224, 1],
    ],
  );
  t.is(layout.size, 225);
});

test('the hash is the documented one, and moves with names, shapes and order', (t) => {
  const bytes = 'conv_in/W\u00003,3,3,8\nconv_in/b\u00008\nscale\u0000\n';
  t.is(makeLayout(PARAMS).hash, createHash('sha256').update(bytes).digest('hex'));
  const [a, b, c] = PARAMS as [(typeof PARAMS)[0], (typeof PARAMS)[0], (typeof PARAMS)[0]];
  const others = [
    [b, a, c],
    [a, b],
    [{ ...a, shape: [3, 3, 8, 3] }, b, c],
    [{ ...a, name: 'x' }, b, c],
  ];
  t.is(new Set([PARAMS, ...others].map((params) => makeLayout(params).hash)).size, 5);
});

test('a view shares the flat buffer', (t) => {
  const layout = makeLayout(PARAMS);
  const flat = new Float32Array(layout.size);
  viewOf(flat, layout.entries[1]!).fill(7);
  t.is(flat.indexOf(7), 216);
  t.is(flat.lastIndexOf(7), 223);
});

test('a name that stands twice is refused', (t) => {
  const error = t.throws(() => makeLayout([PARAMS[1]!, PARAMS[1]!]));
  t.true(isFleetError(error, 'DDPM_ERR_LAYOUT_MISMATCH'));
});

test('the first difference is named', (t) => {
  const ours = makeLayout(PARAMS);
  t.notThrows(() => assertSameLayout(ours, makeLayout(PARAMS)));
  t.throws(() => assertSameLayout(ours, makeLayout([PARAMS[0]!, { name: 'conv_in/b', shape: [9] }])), {
    message: /parameter 1 is conv_in\/b \[8\] here and conv_in\/b \[9\] there/,
  });
  t.throws(() => assertSameLayout(ours, makeLayout(PARAMS.slice(0, 2))), {
    message: /parameter 2 is scale \[\] here and absent there/,
  });
});
