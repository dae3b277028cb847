import { PART_NAMES, sumOfParts, type Parts } from '@ddpm-fleet/telemetry';
import { colour, key, markup, type Markup } from '../markup.js';
import type { RunHistory } from '../runHistory.js';

const WIDTH = 900;
const LEFT = 110;
const ROW = 16;
const BANDS = 120;
/** Rows of workers that are drawn; the others are said. */
const MOST_WORKERS = 64;

/** A row a worker: when it was in the fleet, and when the run went back. */
export function workersTimeline({ spells, rewinds, began, newest }: RunHistory): Markup {
  const all = [...new Set(spells.map(({ worker }) => worker))];
  const workers = all.slice(0, MOST_WORKERS);
  if (workers.length === 0) return markup`<p>No worker has been in the fleet.</p>`;
  const height = ROW * workers.length + 24;
  const at = timeScale(began, newest);
  const bars = spells.flatMap(({ worker, from, until, reason }) => {
    const row = workers.indexOf(worker);
    if (row < 0) return [];
    const width = Math.max(1, at(until ?? newest) - at(from)).toFixed(1);
    return markup`<rect x="${at(from).toFixed(1)}" y="${row * ROW + 3}" width="${width}" height="${ROW - 6}" fill="${colour(0)}"><title>${worker}: ${reason || 'in the fleet'}</title></rect>`;
  });
  const backs = rewinds.map(
    ({ at: when, from, globalStep, reason }) =>
      markup`<line x1="${at(Date.parse(when)).toFixed(1)}" x2="${at(Date.parse(when)).toFixed(1)}" y1="0" y2="${ROW * workers.length}" stroke="${colour(8)}" stroke-width="2"><title>back from step ${from} to ${globalStep}: ${reason}</title></line>`,
  );
  const names = workers.map(
    (worker, i) =>
      markup`<text x="${LEFT - 8}" y="${i * ROW + 12}" text-anchor="end">${worker.slice(0, 16)}</text>`,
  );
  const more =
    all.length > workers.length
      ? markup`<p>${all.length - workers.length} more workers are not drawn.</p>`
      : '';
  return markup`<svg viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="When each worker was in the fleet; red: the run went back">${names}${bars}${backs}${clock(began, newest, height)}</svg>${more}`;
}

/** Where the time went, moment by moment. */
export function goodputBands({ times, began, newest }: RunHistory): Markup {
  if (times.length === 0) return markup`<p>Nothing was measured.</p>`;
  const at = timeScale(began, newest);
  const bars = times.flatMap(({ at: until, parts }, i) => {
    const before = i === 0 ? { at: began, parts: {} } : times[i - 1]!;
    return stack(difference(parts, before.parts), at(before.at), at(until));
  });
  return markup`${key(PART_NAMES)}<svg viewBox="0 0 ${WIDTH} ${BANDS + 24}" role="img" aria-label="Shares of the time of all workers" shape-rendering="crispEdges">${bars}${clock(began, newest, BANDS + 24)}</svg>`;
}

function difference(now: Parts, before: Parts): Parts {
  return Object.fromEntries(
    PART_NAMES.map((part) => [part, Math.max(0, (now[part] ?? 0) - (before[part] ?? 0))]),
  );
}

function stack(parts: Parts, from: number, to: number): Markup[] {
  const all = sumOfParts(parts);
  let y = 0;
  return PART_NAMES.flatMap((part, i) => {
    const height = all === 0 ? 0 : (BANDS * parts[part]!) / all;
    y += height;
    return height < 0.05
      ? []
      : markup`<rect x="${from.toFixed(1)}" y="${(y - height).toFixed(1)}" width="${Math.max(0.5, to - from).toFixed(1)}" height="${height.toFixed(1)}" fill="${colour(i)}"/>`;
  });
}

function timeScale(began: number, newest: number): (ms: number) => number {
  const span = Math.max(1, newest - began);
  return (ms) => LEFT + ((ms - began) / span) * (WIDTH - LEFT - 10);
}

function clock(began: number, newest: number, height: number): Markup {
  const seconds = Math.round((newest - began) / 1000);
  const y = height - 6;
  return markup`<text x="${LEFT}" y="${y}">0</text><text x="${WIDTH - 10}" y="${y}" text-anchor="end">${seconds.toLocaleString('en-US')} s</text>`;
}
