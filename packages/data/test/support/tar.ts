import { execFile, execFileSync } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { writeFiles } from './files.js';

export type TarFormat = 'ustar' | 'pax' | 'gnu';

const isGnu = execFileSync('tar', ['--version']).includes('GNU');

/** An archive written by the system's tar, members in the order given. */
export async function tarBytes(
  files: Record<string, Uint8Array | string>,
  format: TarFormat = 'ustar',
): Promise<Buffer> {
  const directory = await mkdtemp(join(tmpdir(), 'ddpm-tar-'));
  try {
    await writeFiles(directory, files);
    const out = join(directory, 'out.tar');
    const flag = format === 'gnu' && !isGnu ? 'gnutar' : format;
    const args = ['-c', '-f', out, `--format=${flag}`, '-C', directory, '--', ...Object.keys(files)];
    await promisify(execFile)('tar', args, { env: { ...process.env, COPYFILE_DISABLE: '1' } });
    return await readFile(out);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
