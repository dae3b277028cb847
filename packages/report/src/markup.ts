/** Text that is HTML already. */
export class Markup {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

type Piece = Markup | string | number | readonly Piece[];

/** HTML or SVG; whatever is put in is text, unless it was made by this function. */
export function markup(strings: TemplateStringsArray, ...pieces: readonly Piece[]): Markup {
  return new Markup(strings.map((text, i) => (i === 0 ? '' : written(pieces[i - 1]!)) + text).join(''));
}

function written(piece: Piece): string {
  if (piece instanceof Markup) return piece.text;
  if (typeof piece === 'object') return piece.map(written).join('');
  return String(piece).replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** A table; numbers to the right. */
export function table(heading: readonly string[], rows: readonly (readonly (string | number)[])[]): Markup {
  const cell = (value: string | number): Markup =>
    typeof value === 'number'
      ? markup`<td class="number">${value.toLocaleString('en-US')}</td>`
      : markup`<td>${value}</td>`;
  return markup`<div class="wide"><table><thead><tr>${heading.map((name) => markup`<th scope="col">${name}</th>`)}</tr></thead>
<tbody>${rows.map((row) => markup`<tr>${row.map(cell)}</tr>\n`)}</tbody></table></div>`;
}

/** A page that asks nobody for anything. */
export function page(title: string, body: Markup): string {
  return `<!doctype html>\n${
    markup`<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="content-security-policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<title>${title}</title><style>${new Markup(STYLE)}</style></head><body><main>${body}</main></body></html>`
      .text
  }\n`;
}

const STYLE = `
:root { color-scheme: light dark; --c0: #1764ab; --c1: #b3430f; --c2: #1a7f37; --c3: #8250df; --c4: #9a6700; --c5: #bf3989;
  --c6: #57606a; --c7: #0b7285; --c8: #a40e26; }
@media (prefers-color-scheme: dark) { :root { --c0: #6cb6ff; --c1: #f69d50; --c2: #57ab5a; --c3: #b083f0; --c4: #daaa3f;
  --c5: #e275ad; --c6: #909dab; --c7: #39c5cf; --c8: #f47067; } }
body { font: 16px/1.5 system-ui, sans-serif; margin: 0; }
main { max-width: 60rem; margin: auto; padding: 1rem; }
h1 { font-size: 1.6rem; } h2 { font-size: 1.2rem; margin-top: 2.5rem; }
svg { width: 100%; height: auto; display: block; } svg text { fill: currentColor; font: 12px system-ui, sans-serif; }
.grid { stroke: currentColor; stroke-opacity: .18; } .axis { stroke: currentColor; stroke-opacity: .6; }
.wide { overflow-x: auto; } table { border-collapse: collapse; } td, th { padding: .15rem .8rem .15rem 0; text-align: left;
  vertical-align: top; } .number { text-align: right; font-variant-numeric: tabular-nums; }
pre { overflow-x: auto; padding: .6rem; border: 1px solid color-mix(in srgb, currentColor 25%, transparent); }
figure { margin: 1rem 0; display: inline-block; } img { image-rendering: pixelated; max-width: 100%; }
.key { display: flex; flex-wrap: wrap; gap: .2rem 1rem; padding: 0; list-style: none; } .key i { display: inline-block;
  width: .8rem; height: .8rem; margin-right: .35rem; }
.bad { color: var(--c8); } .good { color: var(--c2); }
`;

const COLOURS = 9;

export function colour(i: number): string {
  return `var(--c${i % COLOURS})`;
}

/** What each colour stands for. */
export function key(names: readonly string[]): Markup {
  const items = names.map((name, i) => markup`<li><i style="background:${colour(i)}"></i>${name}</li>`);
  return markup`<ul class="key">${items}</ul>`;
}
