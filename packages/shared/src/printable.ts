/*
 * Text from elsewhere on its way to a terminal or a log. A control character moves the cursor or sets a title, a format character turns a line
 * round or hides a part of it, and a line end forges a line.
 */

/** Control and format characters, and the separators of lines and paragraphs. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/** One line of text in which every such character is written out: `\x1b`, `\u202e`, `\u{e0001}`. */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, (letter) => {
    const code = (letter.codePointAt(0) ?? 0).toString(16);
    if (code.length <= 2) return `\\x${code.padStart(2, "0")}`;
    return code.length <= 4 ? `\\u${code.padStart(4, "0")}` : `\\u{${code}}`;
  });
}

/** A JSON text of the same value in which every such character is an escape. Line ends between its lines stay. */
export function printableJson(json: string): string {
  return json.replace(UNPRINTABLE, (letter) => (letter === "\n" ? letter : escapes(letter)));
}

/** JSON has escapes of 16 bits only. */
function escapes(letter: string): string {
  const units = letter.split("");
  return units.map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`).join("");
}
