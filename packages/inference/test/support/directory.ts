import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';

/** A directory that is gone after the test. */
export function temporaryDirectory(t: Pick<ExecutionContext, 'teardown'>): string {
  const directory = mkdtempSync(join(tmpdir(), 'ddpm-fleet-export-'));
  t.teardown(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}
