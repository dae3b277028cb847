import test from 'ava';
import { sampleSnapshot, withPowerAverages } from '../src/conformance/sample.js';
import { expectedFiles, partFiles } from '../src/parts.js';

for (const shares of [1, 2, 3, 7]) {
  test(`${shares} shares hold every file that is expected, each once, of the size that is said`, (t) => {
    const snapshot = withPowerAverages(sampleSnapshot(1));
    const files = Array.from({ length: shares }, (_, share) => partFiles(snapshot, share, shares)).flat();
    t.deepEqual(
      files.map(({ name }) => name).toSorted(),
      expectedFiles(snapshot.state.emas, true, shares).toSorted(),
    );
    for (const { name, sizeBytes, chunks } of files) {
      t.is(
        [...chunks()].reduce((sum, chunk) => sum + chunk.length, 0),
        sizeBytes,
        name,
      );
    }
  });
}

test('shares are about the same size when parameters are many', (t) => {
  const snapshot = sampleSnapshot(1);
  const sizes = [0, 1].map((share) => partFiles(snapshot, share, 2)[0]!.sizeBytes);
  t.true(Math.max(...sizes) < 2 * Math.min(...sizes), `${sizes.join(', ')}`);
});
