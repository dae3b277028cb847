import { fileURLToPath } from 'node:url';
import test from 'ava';
import { machinePlaces, trackedTexts } from './trackedText.js';

const root = fileURLToPath(new URL('../../../', import.meta.url));

const texts = trackedTexts(root) ?? [];
const inCheckout = texts.length > 0 ? test : test.skip;

inCheckout('no file that git tracks names this machine', (t) => {
  t.true(texts.length > 100);
  // This file shows what is not allowed.
  t.deepEqual(texts.filter(({ path }) => !path.endsWith('trackedText.test.ts')).flatMap(machinePlaces), []);
});

const REFUSED: Record<string, RegExp> = {
  'cd /home/ada/ddpm && npm test': /names a home directory/,
  'out: /Users/ada/out.png': /names a home directory/,
  "const out = '/root/x';": /names a directory of one machine/,
  'see /work/main/README.md': /names a directory of one machine/,
  '-----BEGIN RSA PRIVATE KEY-----': /names a private key/,
};

for (const [text, message] of Object.entries(REFUSED)) {
  test(`found: ${text}`, (t) => {
    const places = machinePlaces({ path: 'docs/x.md', text: `first line\n${text}\n` });
    t.is(places.length, 1, places.join());
    t.regex(places[0]!, message);
    t.regex(places[0]!, /^docs\/x\.md:2 /);
  });
}

test('let be: other paths, loopback, pages of the web', (t) => {
  const text = [
    '/tmp/x',
    'tcp://127.0.0.1:5555',
    'https://example.org/home/ada/x',
    '/usr/share/datasets',
    'node 10.19.0',
    './work/x',
  ].join('\n');
  t.deepEqual(machinePlaces({ path: 'x.md', text }), []);
});

test('found: a lock file that resolves from another registry', (t) => {
  const text = '"resolved": "https://registry.npmjs.org/a"\n"resolved": "https://mirror.example/a"\n';
  t.deepEqual(machinePlaces({ path: 'package-lock.json', text }), [
    'package-lock.json resolves from mirror.example',
  ]);
});
