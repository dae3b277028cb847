/** A figure over widths. */
export interface Curve {
  readonly title: string;
  readonly metric: string;
  readonly points: readonly { readonly relativeStd: number; readonly value: number }[];
  /** Weights that have no width, as lines across. */
  readonly others: readonly { readonly name: string; readonly value: number }[];
}

const [WIDTH, HEIGHT] = [640, 400];
const MARGIN = { left: 80, right: 130, top: 40, bottom: 50 };
const COLOURS = ['#c2410c', '#15803d', '#7e22ce'];

/** The curve as an SVG picture; the widths on a logarithmic axis, the lowest point named. */
export function curveSvg({ title, metric, points, others }: Curve): string {
  const values = [...points, ...others].map(({ value }) => value);
  const [low, high] = padded(Math.min(...values), Math.max(...values));
  const widths = points.map(({ relativeStd }) => Math.log(relativeStd));
  const x = scale(Math.min(...widths), Math.max(...widths), MARGIN.left, WIDTH - MARGIN.right);
  const y = scale(low, high, HEIGHT - MARGIN.bottom, MARGIN.top);
  const at = points.map(({ relativeStd, value }) => ({
    x: x(Math.log(relativeStd)),
    y: y(value),
    relativeStd,
    value,
  }));
  const best = at.reduce((a, b) => (b.value < a.value ? b : a));
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${HEIGHT}" font-family="sans-serif" font-size="12">`,
    '<rect width="100%" height="100%" fill="white"/>',
    text(WIDTH / 2, 22, title, 'middle'),
    text(WIDTH / 2, HEIGHT - 10, 'width of the average (relative standard deviation)', 'middle'),
    ...ticks(low, high).map((value) => row(y(value), Number(value.toPrecision(4)).toString())),
    ...at.map((one) => text(one.x, HEIGHT - MARGIN.bottom + 18, String(one.relativeStd), 'middle', 9)),
    ...others.map(({ name, value }, i) => across(y(value), name, COLOURS[i % COLOURS.length]!)),
    `<polyline fill="none" stroke="#1d4ed8" stroke-width="2" points="${at.map((p) => `${r(p.x)},${r(p.y)}`).join(' ')}"/>`,
    ...at.map((p) => `<circle cx="${r(p.x)}" cy="${r(p.y)}" r="3" fill="#1d4ed8"/>`),
    `<circle cx="${r(best.x)}" cy="${r(best.y)}" r="6" fill="none" stroke="#1d4ed8" stroke-width="2"/>`,
    text(16, 30, metric, 'start'),
    '</svg>',
  ].join('\n');
}

function padded(low: number, high: number): [number, number] {
  const room = 0.08 * (high - low) || Math.abs(high) * 0.01 || 1;
  return [low - room, high + room];
}

function scale(from: number, to: number, start: number, end: number): (value: number) => number {
  const length = to - from || 1;
  return (value) => start + ((value - from) / length) * (end - start);
}

function ticks(low: number, high: number): number[] {
  return Array.from({ length: 5 }, (_, i) => low + ((i + 0.5) / 5) * (high - low));
}

function row(y: number, label: string): string {
  const line = `<line x1="${MARGIN.left}" x2="${WIDTH - MARGIN.right}" y1="${r(y)}" y2="${r(y)}" stroke="#e5e7eb"/>`;
  return line + text(MARGIN.left - 6, y + 4, label, 'end');
}

function across(y: number, name: string, colour: string): string {
  const line = `<line x1="${MARGIN.left}" x2="${WIDTH - MARGIN.right}" y1="${r(y)}" y2="${r(y)}" stroke="${colour}" stroke-dasharray="5 4"/>`;
  return (
    line + `<text x="${WIDTH - MARGIN.right + 6}" y="${r(y + 4)}" fill="${colour}">${escaped(name)}</text>`
  );
}

function text(x: number, y: number, content: string, anchor: string, size = 12): string {
  return `<text x="${r(x)}" y="${r(y)}" text-anchor="${anchor}" font-size="${size}">${escaped(content)}</text>`;
}

/** Tenths of a pixel are enough. */
function r(value: number): string {
  return value.toFixed(1);
}

function escaped(content: string): string {
  return content.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}
