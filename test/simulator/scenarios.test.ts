import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import test from 'ava';
import { formatScenario, parseScenario, playScenario } from './scenario.js';

/**
 * Text scenarios: what is done to a fleet, and what its coordinator does about it. `-- --rewrite` writes down what it
 * does now. Commit a rewritten file only if you understand what changed in it, and want it.
 */
const FOLDER = new URL('../../scenarios/', import.meta.url);
const REWRITE = process.argv.includes('--rewrite');

for (const name of readdirSync(FOLDER).filter((file) => file.endsWith('.txt'))) {
  test(name.replace('.txt', ''), async (t) => {
    const file = new URL(name, FOLDER);
    const text = readFileSync(file, 'utf8');
    const played = formatScenario(await playScenario(parseScenario(text)));
    if (REWRITE) writeFileSync(file, played);
    else t.is(played, text);
    t.false(played.includes('another than that of'), 'the weights are those of an undisturbed run');
    t.false(played.includes('does not end'));
  });
}

test('a scenario is what it was after it was read and written', (t) => {
  const text = '# why\nfleet steps=2\n----\n\nstart\n----\n     0  journal start\n';
  t.is(formatScenario(parseScenario(text)), text);
});
