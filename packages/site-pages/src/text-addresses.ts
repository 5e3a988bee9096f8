import { charOf } from "./css-addresses.ts";

/** The escapes of JSON inside a script inside an attribute are four levels deep. */
const LEVELS_MAX = 8;
/** Characters of the longest address that counts. */
const ADDRESS_MAX = 4096;

/**
 * Addresses of images in text that is neither HTML nor CSS, such as a script, JSON or a framework's attribute: the words that contain
 * `images/`. Escapes of JSON, scripts and HTML are undone first, level by level. A word that a script continues is no address.
 */
export function textAddresses(text: string): string[] {
  if (!text.includes("images")) return [];
  // A Markdown link and CSS put their address in brackets.
  const plain = undoEscapes(text).replace(/url\(|\]\(/gi, " ");
  return [...plain.matchAll(WORD)]
    .filter(([word]) => word.includes("images/") && word.length <= ADDRESS_MAX && !/[{}]/.test(word))
    .filter(({ 0: word, index }) => !isPart(plain, index, index + word.length))
    .flatMap(([word]) => word.split(/,(?=(?:https?:)?\/)/))
    .map(addressIn)
    .filter((address) => address.includes("images/"));
}

const WORD = /[^\s"'`<>\\|]+/g;

/** True for a string literal that an operator or `concat` joins with another one. */
function isPart(text: string, start: number, end: number): boolean {
  return (
    /\+\s*["'`]$/.test(text.slice(Math.max(0, start - 8), start)) ||
    /^["'`]\s*(?:\+|\.concat\b)/.test(text.slice(end, end + 16))
  );
}

/** The address in a word: from its scheme to the first bracket that closes nothing, without commas at its end. */
function addressIn(word: string): string {
  const start = word.startsWith("/") ? 0 : Math.max(0, word.search(/(?:https?:)?\/\//i));
  let open = 0;
  let end = start;
  for (; end < word.length; end += 1) {
    if (word[end] === "(") open += 1;
    if (word[end] === ")") open -= 1;
    if (open < 0) break;
  }
  while (word[end - 1] === ",") end -= 1;
  return word.slice(start, end);
}

function undoEscapes(text: string): string {
  let plain = text;
  for (let level = 0; level < LEVELS_MAX; level += 1) {
    const next = plain.replace(BACKSLASH, fromBackslash).replace(ENTITY, fromEntity);
    if (next === plain) return plain;
    plain = next;
  }
  return plain;
}

const BACKSLASH = /\\(?:u([0-9a-f]{4})|u\{([0-9a-f]{1,6})\}|x([0-9a-f]{2})|([\s\S]))/gi;
const ENTITY = /&(?:#([0-9]{1,7})|#x([0-9a-f]{1,6})|(amp|quot|apos|lt|gt));/gi;
const NAMED: Record<string, string> = { amp: "&", quot: '"', apos: "'", lt: "<", gt: ">" };

function fromBackslash(_: string, unit?: string, point?: string, byte?: string, letter = ""): string {
  const hex = unit ?? point ?? byte;
  if (hex !== undefined) return charOf(Number.parseInt(hex, 16));
  // `\n` and its like are white space.
  return /[bfnrtv]/.test(letter) ? " " : letter;
}

function fromEntity(_: string, decimal?: string, hex?: string, name = ""): string {
  if (decimal !== undefined) return charOf(Number.parseInt(decimal, 10));
  return hex === undefined ? (NAMED[name.toLowerCase()] ?? "") : charOf(Number.parseInt(hex, 16));
}
