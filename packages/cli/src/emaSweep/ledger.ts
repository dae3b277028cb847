import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

interface Recorded {
  readonly question: unknown;
  readonly values: Record<string, number>;
}

/**
 * What was found of each candidate, kept in a file as it comes: a sweep that is run again asks only what is missing. An
 * answer to another question is no answer.
 */
export class Ledger {
  readonly path: string;
  readonly #question: unknown;
  readonly #values: Record<string, number>;

  /** @param question what decides the values, plain data */
  constructor(dir: string, question: unknown) {
    mkdirSync(dir, { recursive: true });
    this.path = join(dir, 'results.json');
    this.#question = question;
    this.#values = this.#read();
  }

  get(name: string): number | undefined {
    return this.#values[name];
  }

  set(name: string, value: number): void {
    this.#values[name] = value;
    const text = JSON.stringify(
      { question: this.#question, values: this.#values } satisfies Recorded,
      null,
      1,
    );
    writeFileSync(`${this.path}.next`, `${text}\n`, { flush: true });
    renameSync(`${this.path}.next`, this.path);
  }

  #read(): Record<string, number> {
    if (!existsSync(this.path)) return {};
    try {
      const { question, values } = JSON.parse(readFileSync(this.path, 'utf8')) as Recorded;
      return JSON.stringify(question) === JSON.stringify(this.#question) ? values : {};
    } catch {
      // Not one that was written here to its end.
      return {};
    }
  }
}
