import { PART_NAMES, PARTS, sumOfParts } from '@ddpm-fleet/telemetry';
import { factsOf, type RunFacts } from './facts.js';
import { markup, page, table, type Markup } from './markup.js';
import type { RunHistory } from './runHistory.js';
import { unusualSettings } from './settings.js';
import { curvesChart } from './svg/curves.js';
import { goodputBands, workersTimeline } from './svg/timeline.js';

export interface Picture {
  readonly name: string;
  readonly png: Uint8Array;
}

/** What an audit found out, in words; it reads every checkpoint and so is for the caller to make. */
export interface Verdict {
  readonly isClean: boolean;
  readonly words: readonly string[];
}

/** Rows of a table that are shown; the others are counted. */
const MOST_ROWS = 200;

/** The page of a run: it stands alone and asks nobody for anything. */
export function reportPage(history: RunHistory, pictures: readonly Picture[], verdict: Verdict): string {
  const facts = factsOf(history);
  const body = markup`<h1>${facts.name}</h1>
<p>Run ${facts.runId}: ${facts.state}, step ${facts.globalStep} of ${facts.targetSteps}.</p>
${summary(facts)}
<h2>Loss</h2>${curvesChart('Loss by step', 'step', [
    { name: 'training', points: history.loss },
    { name: 'held out', points: history.heldOut },
  ])}
<h2>Gradient norm</h2>${curvesChart('Gradient norm by step', 'step', [{ name: 'before clipping', points: history.gradNorm }])}
<h2>Loss by t, newest steps</h2>${lossByT(history)}
<h2>Where the time of all workers went</h2>${spent(history)}${goodputBands(history)}
<h2>Workers</h2>${workersTimeline(history)}
<h2>Survived</h2>${survived(history)}
<h2>Audit</h2>${audited(verdict)}
<h2>Samples</h2>${pictures.length > 0 ? pictures.map(figure) : markup`<p>No grid was drawn.</p>`}
<h2>Checkpoints</h2>${checkpoints(history)}
<h2>Settings that are not the defaults</h2>${table(['setting', 'here', 'default'], unusualSettings(history.config))}
<h2>Reproduce</h2>${reproduce(history, facts)}`;
  return page(`${facts.name}: report`, body);
}

function summary(facts: RunFacts): Markup {
  return table(
    ['', ''],
    [
      ['loss, newest steps', number(facts.loss)],
      [
        'held-out loss, newest and lowest',
        `${number(facts.heldOutLoss)}, ${number(facts.lowestHeldOutLoss)}`,
      ],
      ['images trained on', facts.images.toLocaleString('en-US')],
      ['from launch to the last word', `${facts.wallSeconds.toFixed(0)} s`],
      ['goodput', facts.goodput === null ? 'not measured' : percent(facts.goodput)],
      ['digest of the newest checkpoint', facts.digest ?? 'none'],
    ],
  );
}

function lossByT({ lossByT: losses, config }: RunHistory): Markup {
  const width = config.diffusion.numTimesteps / Math.max(1, losses.length);
  return table(
    ['timesteps', 'mean loss'],
    losses.map((loss, i) => [`${Math.round(i * width)} to ${Math.round((i + 1) * width) - 1}`, number(loss)]),
  );
}

function spent({ times }: RunHistory): Markup {
  const parts = times.at(-1)?.parts ?? {};
  const all = sumOfParts(parts);
  const rows = PART_NAMES.filter((part) => parts[part]).map((part) => [
    part,
    `${parts[part]!.toFixed(1)} s`,
    percent(parts[part]! / all),
    PARTS[part],
  ]);
  return table(
    ['part', 'time', 'share', 'of a worker that'],
    [...rows, ['all', `${all.toFixed(1)} s`, '', '']],
  );
}

function survived({ spells, rewinds, starts, failedSaves, damaged, end }: RunHistory): Markup {
  const left = spells.filter(({ until, reason }) => until !== null && reason !== end?.reason);
  const count = [
    `${left.length} losses of workers`,
    `${Math.max(0, starts.length - 1)} later lives of the coordinator`,
    `${rewinds.length} times back to an earlier step`,
    `${damaged.length} damaged replicas`,
    `${failedSaves.length} checkpoints that could not be written`,
  ];
  const rows = [
    ...left.map(({ until, worker, reason }) => [until!, `${worker} left`, reason] as const),
    ...rewinds.map(
      ({ at, from, globalStep, reason }) =>
        [Date.parse(at), `back from step ${from} to ${globalStep}`, reason] as const,
    ),
    ...failedSaves.map(
      ({ at, globalStep, reason }) =>
        [Date.parse(at), `no checkpoint of step ${globalStep}`, reason] as const,
    ),
  ].toSorted(([a], [b]) => a - b);
  const shown = rows.slice(0, MOST_ROWS);
  const more = rows.length > shown.length ? markup`<p>and ${rows.length - shown.length} more.</p>` : '';
  const list = table(
    ['when', 'what', 'why'],
    shown.map(([at, what, why]) => [new Date(at).toISOString(), what, why]),
  );
  return markup`<p>${count.join(', ')}.</p>${shown.length > 0 ? list : ''}${more}`;
}

function audited({ isClean, words }: Verdict): Markup {
  const heading = isClean
    ? markup`<p class="good">Nothing wrong was found.</p>`
    : markup`<p class="bad">Something is wrong.</p>`;
  return markup`${heading}<ul>${words.map((text) => markup`<li>${text}</li>`)}</ul>`;
}

function figure({ name, png }: Picture): Markup {
  const source = `data:image/png;base64,${Buffer.from(png).toString('base64')}`;
  return markup`<figure><img src="${source}" alt="Samples, ${name}"><figcaption>${name}</figcaption></figure> `;
}

function checkpoints({ checkpoints: all }: RunHistory): Markup {
  return table(
    ['step', 'when', 'digest'],
    all.slice(-10).map(({ globalStep, at, digest }) => [globalStep, at, digest]),
  );
}

function reproduce({ record, config }: RunHistory, { globalStep }: RunFacts): Markup {
  const { engine, datasetHash, dataset } = record;
  const lines = [
    `npx ddpm-fleet launch config.yaml --steps ${globalStep}    # config.yaml of the run's directory; any number of workers`,
    `npx ddpm-fleet checkpoint digest runs/${config.name}        # the same weights print the same`,
  ];
  return markup`<p>Seed ${config.seed}; ${dataset?.name ?? 'data'} with sha256 ${datasetHash}; ${engine.kind} ${engine.version}.
Bits are equal on machines of one kind.</p><pre>${lines.join('\n')}</pre>`;
}

function number(value: number | null): string {
  return value === null ? 'none' : value.toPrecision(5);
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}
