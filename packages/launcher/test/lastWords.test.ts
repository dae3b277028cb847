import test from 'ava';
import { lastWords } from '../src/index.js';

test('what was stated last counts, then what a trace begins with', (t) => {
  t.is(lastWords('{"level":30}\nerror: first\nerror: no labels [CODE]\n{"level":30}\n'), 'no labels [CODE]');
  const trace =
    'file:///x.js:3\n  f();\n  ^\n\nTypeError: f is not a function\n    at file:///x.js:3:3\n\nNode.js v20\n';
  t.is(lastWords(trace), 'TypeError: f is not a function');
  t.is(lastWords(`${trace}error: stated\n`), 'stated');
  t.is(lastWords('{"level":30}\n'), undefined);
  t.is(lastWords(), undefined);
});
