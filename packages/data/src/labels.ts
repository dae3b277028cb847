import { byteOrder } from './order.js';

/** Labels are below this; a larger number is some other column or a damaged file. */
export const MAX_CLASSES = 65536;

/** The label of an image without one. */
export const NO_LABEL = -1;

/** Labels as they were found, and what classes they make. */
export interface Labelling {
  /** Class of each image, NO_LABEL where it has none; undefined: no image has one. */
  readonly labels?: Int32Array;
  /** Of the whole set, also of those classes that none of these images shows. */
  readonly classNames: readonly string[];
  /** The labels were text, which made them names of classes. */
  readonly isText: boolean;
  /** What is neither a number of a class nor a name: its images count as unlabelled. */
  readonly unreadable?: { readonly count: number; readonly first: string };
}

/**
 * Makes classes of labels as people write them. Whole numbers from 0 on are classes; text is the name of one, unless all
 * of it are such numbers; nothing, null, -1 and empty text say that an image has none. Names are numbered in byte order.
 */
export class LabelList {
  /** Number of the label, NO_LABEL, or -2 and below: the text `#texts[-2 - value]`. */
  readonly #values: number[] = [];
  readonly #texts: string[] = [];
  readonly #textNumbers = new Map<string, number>();
  readonly #numbers = new Set<number>();
  #unreadable: { count: number; first: string } | undefined;

  /** The label of the next image. @param place names it, should the label make no sense */
  add(value: unknown, place: () => string): void {
    const known = this.#valueOf(value);
    if (known === undefined) {
      const { count, first } = this.#unreadable ?? { count: 0, first: `${place()}: ${shown(value)}` };
      this.#unreadable = { count: count + 1, first };
    }
    this.#values.push(known ?? NO_LABEL);
  }

  /** A label of another split of the set, whose classes are numbered along. */
  addElsewhere(value: unknown): void {
    this.#valueOf(value);
  }

  /** @param names of the classes that have numbers, where the set tells them */
  build(names: readonly string[] = []): Labelling {
    const isText = this.#texts.some((text) => !isClassNumber(text));
    const classNames = isText ? this.#sortedNames() : this.#numberedNames(names);
    const numbers = isText ? new Map(classNames.map((name, number) => [name, number])) : undefined;
    const numberOf = (value: number): number => {
      if (value === NO_LABEL) return NO_LABEL;
      const text = value < NO_LABEL ? this.#texts[-2 - value]! : String(value);
      return numbers ? numbers.get(text)! : Number(text);
    };
    const labels =
      this.#values.some((value) => value !== NO_LABEL) && Int32Array.from(this.#values, numberOf);
    return {
      ...(labels && { labels }),
      ...{ classNames, isText },
      ...(this.#unreadable && { unreadable: this.#unreadable }),
    };
  }

  /** undefined: it makes no sense as a label. */
  #valueOf(value: unknown): number | undefined {
    if (value === undefined || value === null || Number(value) === NO_LABEL) return NO_LABEL;
    if (typeof value === 'number' || typeof value === 'bigint') {
      const number = Number(value);
      if (!Number.isInteger(number) || number < 0 || number >= MAX_CLASSES) return undefined;
      this.#numbers.add(number);
      return number;
    }
    if (typeof value === 'boolean') return this.#numberOfText(String(value));
    if (typeof value !== 'string') return undefined;
    const text = value.trim();
    if (/^\d+$/.test(text) && !isClassNumber(text)) return undefined;
    return text === '' ? NO_LABEL : this.#numberOfText(text);
  }

  /** undefined: so many different texts are captions and no names of classes. */
  #numberOfText(text: string): number | undefined {
    const known = this.#textNumbers.get(text);
    if (known !== undefined || this.#texts.length >= MAX_CLASSES) return known;
    const number = -2 - this.#texts.length;
    this.#texts.push(text);
    this.#textNumbers.set(text, number);
    return number;
  }

  #sortedNames(): string[] {
    return [...new Set([...this.#texts, ...[...this.#numbers].map(String)])].sort(byteOrder);
  }

  #numberedNames(names: readonly string[]): readonly string[] {
    let highest = -1;
    for (const label of [...this.#numbers, ...this.#texts.map(Number)]) highest = Math.max(highest, label);
    return names.length > highest ? names : Array.from({ length: highest + 1 }, (_, label) => String(label));
  }
}

function isClassNumber(text: string): boolean {
  return /^\d+$/.test(text) && Number(text) < MAX_CLASSES;
}

function shown(value: unknown): string {
  const text = typeof value === 'string' || typeof value === 'number' ? String(value) : JSON.stringify(value);
  return text.length > 40 ? `${text.slice(0, 40)}...` : text;
}
