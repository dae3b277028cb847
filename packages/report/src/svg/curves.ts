import { colour, key, markup, type Markup } from '../markup.js';
import { linear, logarithmic, tickText, type Scale } from './scale.js';

export interface Curve {
  readonly name: string;
  /** By x, ascending; null: nothing there. */
  readonly points: ReadonlyMap<number, number | null>;
}

const WIDTH = 900;
const HEIGHT = 320;
const LEFT = 60;
const BOTTOM = 36;
const TOP = 10;
/** Points a curve is drawn with at most: the lowest and the highest of as many columns. */
const COLUMNS = 450;

/** Curves over the same axis; logarithmic where every value is positive. */
export function curvesChart(title: string, xName: string, curves: readonly Curve[]): Markup {
  const drawn = curves.map(({ name, points }) => ({ name, points: thinned(finite(points)) }));
  const all = drawn.flatMap(({ points }) => points);
  if (all.length === 0) return markup`<p>There is nothing to draw yet.</p>`;
  const x = linear(rangeOf(all.map(([at]) => at)), [LEFT, WIDTH - 10]);
  const values = rangeOf(all.map(([, value]) => value));
  const isLog = values[0] > 0;
  const y = (isLog ? logarithmic : linear)(values, [HEIGHT - BOTTOM, TOP]);
  const lines = drawn.map(
    ({ points }, i) =>
      markup`<polyline fill="none" stroke="${colour(i)}" stroke-width="1.3" points="${path(points, x, y)}"/>`,
  );
  return markup`${curves.length > 1 ? key(curves.map(({ name }) => name)) : ''}
<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${title}">${axes(x, y, xName)}${lines}</svg>`;
}

function finite(points: Curve['points']): [number, number][] {
  return [...points].filter((point): point is [number, number] => Number.isFinite(point[1]));
}

/** What falls into one column becomes its lowest and its highest point: no spike is lost. */
export function thinned(points: readonly [number, number][]): [number, number][] {
  if (points.length <= 2 * COLUMNS) return [...points];
  const [first, last] = [points[0]![0], points.at(-1)![0]];
  const columns = new Map<number, [[number, number], [number, number]]>();
  for (const point of points) {
    const column = Math.floor(((point[0] - first) / (last - first)) * COLUMNS);
    const [low, high] = columns.get(column) ?? [point, point];
    columns.set(column, [point[1] < low[1] ? point : low, point[1] > high[1] ? point : high]);
  }
  return [...columns.values()].flatMap((pair) => pair.toSorted((a, b) => a[0] - b[0]));
}

function rangeOf(values: readonly number[]): [number, number] {
  return values.reduce<[number, number]>(
    ([low, high], value) => [Math.min(low, value), Math.max(high, value)],
    [Infinity, -Infinity],
  );
}

function path(points: readonly [number, number][], x: Scale, y: Scale): string {
  return points.map(([at, value]) => `${x.at(at).toFixed(1)},${y.at(value).toFixed(1)}`).join(' ');
}

function axes(x: Scale, y: Scale, xName: string): Markup {
  const bottom = HEIGHT - BOTTOM;
  const rows = y.ticks.map((tick) => {
    const at = y.at(tick).toFixed(1);
    return markup`<line class="grid" x1="${LEFT}" x2="${WIDTH - 10}" y1="${at}" y2="${at}"/><text x="${LEFT - 6}" y="${at}" dy="4" text-anchor="end">${tickText(tick)}</text>`;
  });
  const columns = x.ticks.map(
    (tick) =>
      markup`<text x="${x.at(tick).toFixed(1)}" y="${bottom + 16}" text-anchor="middle">${tickText(tick)}</text>`,
  );
  return markup`<line class="axis" x1="${LEFT}" x2="${WIDTH - 10}" y1="${bottom}" y2="${bottom}"/>${rows}${columns}<text x="${WIDTH / 2}" y="${HEIGHT - 4}" text-anchor="middle">${xName}</text>`;
}
