import { spawn } from 'node:child_process';

export interface CommandResult {
  /** Exit code; -1 where a signal ended it or it could not be started. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  /** The program does not exist. */
  readonly missing: boolean;
}

/** Runs a program to its end. Never throws: a program that cannot start has code -1. */
export function runCommand(
  program: string,
  args: readonly string[],
  options: { env?: NodeJS.ProcessEnv; timeoutMs?: number } = {},
): Promise<CommandResult> {
  return new Promise((resolve) => {
    const child = spawn(program, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: options.env ?? process.env,
    });
    // Not spawn's own timeout: its timer outlives a program that could not start, and keeps this process from ending.
    const timer = options.timeoutMs ? setTimeout(() => child.kill(), options.timeoutMs) : undefined;
    let stdout = '';
    let stderr = '';
    const end = (result: Pick<CommandResult, 'code' | 'stderr' | 'missing'>): void => {
      clearTimeout(timer);
      resolve({ stdout, ...result });
    };
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    child.on('error', (error: NodeJS.ErrnoException) =>
      end({ code: -1, stderr: error.message, missing: error.code === 'ENOENT' }),
    );
    child.on('close', (code, signal) =>
      end({ code: code ?? -1, stderr: signal ? `${stderr}\nended by ${signal}` : stderr, missing: false }),
    );
  });
}

/** The last lines of what a program said, in one line: enough for a message. */
export function lastLines({ stdout, stderr }: CommandResult, count = 3): string {
  const lines = (stderr.trim() || stdout.trim()).split('\n').filter((line) => line.trim());
  return lines.slice(-count).join(' / ').slice(-600) || 'it said nothing';
}
