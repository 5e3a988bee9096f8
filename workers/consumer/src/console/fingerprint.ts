import { FORMATS } from "@prewarm/shared/config";

const NOT_THE_FORMAT = new RegExp(`\\bnot (?:${[...FORMATS, "jpg"].join("|")})\\b`, "g");
/** Characters of a message that are read, so that no message takes long: `publicText` leaves 300. */
const MESSAGE_MAX = 1_000;

/**
 * The cause of a failure as a stable short name: a hash of its code and its message without the parts that differ per
 * job (numbers, hexadecimal ids, URLs, quoted parts). It is no secret and not proved unique: two causes with one name
 * are shown together.
 */
export function fingerprint(code: string, message: string): string {
  const shape = message
    .slice(0, MESSAGE_MAX)
    .toLowerCase()
    .replace(/https?:\/\/[^\s"'<>]+/g, "<url>")
    // The asked format differs between jobs with one cause.
    .replace(NOT_THE_FORMAT, "not <format>")
    .replace(/"[^"]*"|'[^']*'|`[^`]*`/g, "<text>")
    .replace(/\b[a-z]{2,6}_[a-z0-9]{6,}\b/g, "<id>")
    .replace(/\b(?=[0-9a-f-]*\d)[0-9a-f][0-9a-f-]{7,}\b/g, "<id>")
    .replace(/\d+/g, "#")
    .slice(0, 200);
  return `${code}-${hash(`${code} ${shape}`)}`;
}

/** FNV-1a with 32 bits, twice with different seeds. */
function hash(text: string): string {
  let [a, b] = [0x811c9dc5, 0x01000193];
  for (const byte of new TextEncoder().encode(text)) {
    a = Math.imul(a ^ byte, 0x01000193);
    b = Math.imul(b ^ byte, 0x85ebca6b);
  }
  return [a, b].map((part) => (part >>> 0).toString(16).padStart(8, "0")).join("");
}
