import { factsOf, type RunFacts } from './facts.js';
import { markup, page, table, type Markup } from './markup.js';
import type { Picture } from './reportPage.js';
import type { RunHistory } from './runHistory.js';
import { settingsOf } from './settings.js';
import { curvesChart } from './svg/curves.js';

/** How runs differ. */
export interface Comparison {
  readonly runs: readonly RunFacts[];
  /** Path of a setting -> its value in each run, as JSON; those that are not the same in all. */
  readonly settings: Readonly<Record<string, readonly string[]>>;
  /** The first step at which the losses of all runs, as far as all have it, are not the same; null: there is none. */
  readonly lossesDifferFrom: number | null;
}

export function compareRuns(histories: readonly RunHistory[]): Comparison {
  const all = histories.map(({ config }) => settingsOf(config));
  const differing = [...all[0]!.keys()].flatMap((path) => {
    const values = all.map((settings) => settings.get(path)!);
    return new Set(values).size > 1 ? [[path, values] as const] : [];
  });
  return {
    runs: histories.map(factsOf),
    settings: Object.fromEntries(differing),
    lossesDifferFrom: firstDifference(histories),
  };
}

function firstDifference([first, ...others]: readonly RunHistory[]): number | null {
  for (const [step, loss] of first!.loss) {
    if (others.some((other) => !other.loss.has(step))) return null;
    if (others.some((other) => other.loss.get(step) !== loss)) return step;
  }
  return null;
}

/** Facts and settings as rows: a name, then a text for each run. */
export function comparisonRows({ runs, settings }: Comparison): [string, ...string[]][] {
  const fact = (name: string, of: (facts: RunFacts) => string): [string, ...string[]] => [
    name,
    ...runs.map(of),
  ];
  const number = (value: number | null): string => (value === null ? '-' : value.toPrecision(5));
  return [
    fact('state', ({ state }) => state),
    fact('step', ({ globalStep, targetSteps }) => `${globalStep} of ${targetSteps}`),
    fact('loss', ({ loss }) => number(loss)),
    fact('held-out loss', ({ heldOutLoss }) => number(heldOutLoss)),
    fact('lowest held-out loss', ({ lowestHeldOutLoss }) => number(lowestHeldOutLoss)),
    fact('images', ({ images }) => images.toLocaleString('en-US')),
    fact('seconds', ({ wallSeconds }) => wallSeconds.toFixed(0)),
    fact('goodput', ({ goodput }) => (goodput === null ? '-' : `${(100 * goodput).toFixed(1)} %`)),
    fact('losses of workers', ({ losses }) => String(losses)),
    fact('digest', ({ digest }) => digest?.slice(0, 16) ?? '-'),
    ...Object.entries(settings).map(([path, values]): [string, ...string[]] => [path, ...values]),
  ];
}

/** A page with the curves of the runs over each other. @param pictures the newest grid of each run, where it has one */
export function comparisonPage(
  histories: readonly RunHistory[],
  names: readonly string[],
  pictures: readonly (Picture | undefined)[],
): string {
  const comparison = compareRuns(histories);
  const chart = (title: string, pick: (history: RunHistory) => RunHistory['loss']): Markup =>
    markup`<h2>${title}</h2>${curvesChart(
      `${title} by step`,
      'step',
      histories.map((history, i) => ({ name: names[i]!, points: pick(history) })),
    )}`;
  const figures = pictures.map((picture, i) =>
    picture
      ? markup`<figure><img src="data:image/png;base64,${Buffer.from(picture.png).toString('base64')}" alt="Samples of ${names[i]!}"><figcaption>${names[i]!}, ${picture.name}</figcaption></figure> `
      : '',
  );
  return page(
    names.join(' and '),
    markup`<h1>${names.join(' and ')}</h1>${table(['', ...names], comparisonRows(comparison))}
${chart('Loss', ({ loss }) => loss)}${chart('Held-out loss', ({ heldOut }) => heldOut)}<h2>Samples</h2>${figures}`,
  );
}
