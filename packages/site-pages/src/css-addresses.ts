/**
 * Addresses in a style sheet or a `style` attribute: `url()` in any quotes or none, and the strings of `image-set()`. Comments are passed over.
 * The time is in proportion to the length: what was passed over is read once more at most, also where it is not closed.
 */
export function cssAddresses(css: string): string[] {
  const found: string[] = [];
  let depth = 0;
  /** The depth of the function whose strings are addresses; 0 outside one. */
  let loading = 0;
  let at = 0;
  /** What stands before the end; goes on behind it. */
  const take = (end: number): string => {
    const text = css.slice(at, end);
    at = end + 1;
    return text;
  };
  for (let piece = pieceFrom(css, at); piece !== null; piece = pieceFrom(css, at)) {
    at = piece.end;
    if (piece.text === "/*") at = endOf(css, at, "*/");
    else if (piece.text === ")") {
      if (depth === loading) loading = 0;
      depth = Math.max(0, depth - 1);
    } else if (piece.text === '"' || piece.text === "'") {
      const end = stopFrom(css, at, piece.text === '"' ? /["\\\n]/g : /['\\\n]/g);
      const isClosed = css[end] === piece.text;
      const text = take(end);
      if (isClosed && loading > 0) found.push(plainText(text));
    } else {
      const end = /^url/i.test(piece.text) ? stopFrom(css, at, /["'()\\]/g) : -1;
      if (css[end] === ")") found.push(plainText(take(end).trim()));
      else {
        depth += 1;
        if (piece.text !== "(" && loading === 0) loading = depth;
      }
    }
  }
  return found.filter((address) => address !== "");
}

/** The next comment, quote, bracket, or opening of a function that loads. `end`: where it ends. */
function pieceFrom(css: string, at: number): { text: string; end: number } | null {
  const pattern = /\/\*|["'()]|(?<![\w-])(?:url|(?:-webkit-)?image-set)\(/gi;
  pattern.lastIndex = at;
  const [text] = pattern.exec(css) ?? [];
  return text === undefined ? null : { text, end: pattern.lastIndex };
}

/** Where the first of some characters stands that is not escaped; the text's end if none does. No pattern repeats here: V8 has no stack for a long string. */
function stopFrom(css: string, at: number, stops: RegExp): number {
  for (stops.lastIndex = at; ; stops.lastIndex += 1) {
    const found = stops.exec(css);
    if (found === null || found[0] !== "\\") return found?.index ?? css.length;
  }
}

function endOf(css: string, at: number, closing: string): number {
  const found = css.indexOf(closing, at);
  return found === -1 ? css.length : found + closing.length;
}

/** `\26 ` is a character by its number, `\` before a line's end is nothing, before any other it is that one. */
function plainText(text: string): string {
  return text.replace(/\\(?:([0-9a-f]{1,6})\s?|(\n)|([\s\S]))/gi, (_, code?: string, end?: string, letter?: string) => {
    if (code !== undefined) return charOf(Number.parseInt(code, 16));
    return end === undefined ? (letter ?? "") : "";
  });
}

/** U+FFFD for a number that is no character's. */
export function charOf(code: number): string {
  return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : "\ufffd";
}
