import { parseDocument, type Document, type LineCounter } from 'yaml';

/** What is wrong with a text that should be YAML. */
export class YamlProblem extends Error {
  readonly line: number;

  constructor(line: number, detail: string) {
    super(detail.split('\n')[0]);
    this.line = line;
  }
}

/**
 * Reads YAML whole: syntax, then values, since an alias may lead nowhere or be used so often that it would fill the
 * memory, which shows only there.
 * @throws YamlProblem
 */
export function readYaml(text: string, lineCounter?: LineCounter): { document: Document; value: unknown } {
  try {
    const options = { logLevel: 'error' as const, ...(lineCounter && { lineCounter }) };
    const document = parseDocument(text, options);
    const [broken] = document.errors;
    if (broken) throw new YamlProblem(broken.linePos?.[0].line ?? 1, broken.message);
    return { document, value: document.toJS() as unknown };
  } catch (error) {
    if (error instanceof YamlProblem) throw error;
    // Nested deeper than the stack, or an alias as above.
    throw new YamlProblem(1, (error as Error).message);
  }
}
