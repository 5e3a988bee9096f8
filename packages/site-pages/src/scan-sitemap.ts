/*
 * A sitemap is up to 50 MB of XML of which only the text of three elements matters, so it is scanned, not parsed into a tree: tags are
 * found as they stream in, and the text of `loc` is kept with the name of the element it stands in. Namespace prefixes are ignored, for
 * sites choose their own. Nothing is resolved from a DTD, so entity tricks have nothing to work with.
 */

/** A `loc` and what it names: a page, a further sitemap, or a page's image. */
interface Location {
  of: "page" | "sitemap" | "image";
  url: string;
}

/** The longest tag or text in a sitemap, in characters. */
const PIECE_MAX = 1_000_000;
/** Elements within each other; a sitemap has four. */
const DEPTH_MAX = 100;
const KINDS: Record<string, Location["of"]> = { url: "page", sitemap: "sitemap", image: "image" };

/** Yields the locations in their order. Throws an Error when the bytes are not XML. */
export async function* scanSitemap(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Location> {
  const scan = createScan();
  for await (const chunk of bytes) yield* scan.read(chunk);
  yield* scan.end();
}

/** The scan, chunk by chunk. Both calls tell the locations that have become complete, and throw an Error when the bytes are not XML. */
export function createScan() {
  const decoder = new TextDecoder();
  const scanner = createScanner();
  let rest = "";
  let fresh: string[] = [];
  let freshLength = 0;
  const consumeFresh = (): Location[] => {
    const found: Location[] = [];
    rest += fresh.join("");
    rest = rest.slice(consume(rest, (piece) => scanner.take(piece, found)));
    fresh = [];
    freshLength = 0;
    if (rest.length > PIECE_MAX) throw new Error("it is no sitemap: a piece of it is longer than a million characters");
    return found;
  };
  return {
    read(chunk: Uint8Array): Location[] {
      const text = decoder.decode(chunk, { stream: true });
      fresh.push(text);
      freshLength += text.length;
      // An incomplete piece is searched again only when its length has doubled: its chunks may be small.
      return freshLength < rest.length ? [] : consumeFresh();
    },
    end(): Location[] {
      const found = consumeFresh();
      if (!scanner.sawTag()) throw new Error("it is no sitemap: there is no XML in it");
      if (scanner.depth() > 0) throw new Error("the sitemap is cut off: an element is not closed");
      return found;
    },
  };
}

/** Cuts `text` into complete pieces: a tag, a comment, a CDATA section, or the text before a tag. Returns where the incomplete rest begins. */
function consume(text: string, take: (piece: string) => void): number {
  let at = 0;
  while (at < text.length) {
    const end = pieceEnd(text, at);
    if (end === -1) break;
    take(text.slice(at, end));
    at = end;
  }
  return at;
}

function pieceEnd(text: string, at: number): number {
  if (text[at] !== "<") return text.indexOf("<", at);
  if (text.length - at < "<![CDATA[".length && text.indexOf(">", at) === -1) return -1;
  for (const [start, end] of [
    ["<!--", "-->"],
    ["<![CDATA[", "]]>"],
    ["<?", "?>"],
    ["<", ">"],
  ] as const) {
    if (!text.startsWith(start, at)) continue;
    const found = text.indexOf(end, at + start.length);
    return found === -1 ? -1 : found + end.length;
  }
  return -1;
}

function createScanner() {
  const open: string[] = [];
  let tags = 0;
  let text = "";
  const addText = (more: string): void => {
    text += more;
    if (text.length > PIECE_MAX) throw new Error("it is no sitemap: a text in it is longer than a million characters");
  };
  const close = (name: string, found: Location[]): void => {
    if (open.at(-1) !== name) throw new Error(`it is no sitemap: </${name}> closes nothing`);
    open.pop();
    const of = KINDS[open.at(-1) ?? ""];
    if (name === "loc" && of !== undefined && text.trim() !== "") found.push({ of, url: text.trim() });
  };
  return {
    take(piece: string, found: Location[]): void {
      if (piece.startsWith("<![CDATA[")) addText(piece.slice(9, -3));
      else if (!piece.startsWith("<")) addText(decodeEntities(piece));
      else {
        const [, slash = "", full] = /^<(\/?)([^\s/>]+)/.exec(piece) ?? [];
        if (full === undefined || piece.startsWith("<!") || piece.startsWith("<?")) return;
        tags += 1;
        const name = full.slice(full.indexOf(":") + 1).toLowerCase();
        if (slash === "/") close(name, found);
        else if (!piece.endsWith("/>")) open.push(name);
        if (open.length > DEPTH_MAX) throw new Error("it is no sitemap: its elements are nested too deeply");
        text = "";
      }
    },
    sawTag: () => tags > 0,
    depth: () => open.length,
  };
}

const ENTITIES: Record<string, string> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };

function decodeEntities(text: string): string {
  return text.replace(/&(?:#x([0-9a-f]{1,6})|#(\d{1,7})|(\w+));/gi, (whole, hex, decimal, name) => {
    if (name !== undefined) return ENTITIES[name] ?? whole;
    const code = hex === undefined ? Number(decimal) : Number.parseInt(hex, 16);
    return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
  });
}
