const ENTITIES: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

/** The contents of every `<tag>` in a document, in order. S3's documents are flat enough for no more than this. */
export function elements(xml: string, tag: string): string[] {
  return [...xml.matchAll(new RegExp(`<${tag}(?: [^>]*)?>([^]*?)</${tag}>`, 'g'))].map((match) => match[1]!);
}

/** The text of the first `<tag>`, or undefined. */
export function text(xml: string, tag: string): string | undefined {
  return elements(xml, tag)[0]?.replace(/&(?:#(\d+)|#x([0-9a-f]+)|(\w+));/gi, (all, decimal, hex, name) => {
    if (decimal) return String.fromCodePoint(Number(decimal));
    if (hex) return String.fromCodePoint(parseInt(String(hex), 16));
    return ENTITIES[String(name)] ?? String(all);
  });
}
