/** Addresses in a style sheet or a `style` attribute: `url()` in any quotes or none, and the strings of `image-set()`. Comments are passed over. */
export function cssAddresses(css: string): string[] {
  const found: string[] = [];
  let sets = 0;
  let depth = 0;
  for (const [piece, , , bare] of css.matchAll(PIECE)) {
    if (piece.startsWith("/*")) continue;
    if (bare !== undefined) found.push(plainText(bare.trim()));
    else if (/^(?:-webkit-)?image-set\(/i.test(piece)) {
      depth += 1;
      if (sets === 0) sets = depth;
    } else if (piece.endsWith("(")) depth += 1;
    else if (piece === ")") {
      if (depth === sets) sets = 0;
      depth = Math.max(0, depth - 1);
    } else if (sets > 0 || isUrlOf(piece)) found.push(plainText(stringOf(piece)));
  }
  return found.filter((address) => address !== "");
}

const STRING = `"(?:[^"\\\\\\n]|\\\\[\\s\\S])*"|'(?:[^'\\\\\\n]|\\\\[\\s\\S])*'`;
/** Comment, `url("…")`, `url(…)`, another function's opening, a string, a closing. */
const PIECE = new RegExp(
  `/\\*[\\s\\S]*?(?:\\*/|$)|url\\(\\s*(${STRING})\\s*\\)|(url)\\(((?:[^"'()\\\\]|\\\\[\\s\\S])*)\\)|[\\w-]*\\(|${STRING}|\\)`,
  "gi",
);

function isUrlOf(piece: string): boolean {
  return /^url\(/i.test(piece);
}

function stringOf(piece: string): string {
  const inner = isUrlOf(piece) ? piece.slice("url(".length, -1).trim() : piece;
  return inner.slice(1, -1);
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
