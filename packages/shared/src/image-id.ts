import { AppError } from "./errors.ts";
import { ENCODED_ID_MAX_BYTES } from "./limits.ts";

/**
 * Reads an id from a path: what follows `/images/`, still percent-encoded. Every segment is decoded once and kept as it is: no second
 * decoding, no Unicode normalisation, no change of case. Throws `id_invalid`, saying what is wrong.
 */
export function parseId(pathAfterImages: string): string {
  const segments = pathAfterImages.split("/").map(decodeSegment);
  for (const segment of segments) checkSegment(segment);
  const id = segments.join("/");
  checkLength(id);
  return id;
}

/** The inverse of `parseId`: the id as it stands in a URL's path. */
export function formatId(id: string): string {
  return id.split("/").map(encodeURIComponent).join("/");
}

/** Judges an id that came as plain text (JSON, a bucket key). Throws `id_invalid`, saying what is wrong. */
export function checkId(id: string): void {
  if (!id.isWellFormed()) refuse("It holds half of a surrogate pair, which is no text.");
  for (const segment of id.split("/")) checkSegment(segment);
  checkLength(id);
}

/**
 * The id, and the same text in Unicode's two normal forms (NFC, NFD), each once: `é` is one character on some systems and two on others. The id
 * comes first.
 */
export function spellingsOf(id: string): string[] {
  const isShort = (spelling: string) => encodeURIComponent(spelling).length <= ENCODED_ID_MAX_BYTES;
  return [...new Set([id, id.normalize("NFC"), id.normalize("NFD")])].filter(isShort);
}

/** The letters after the last dot of the last segment, in lower case; null when there are none, or when nothing stands before the dot. */
export function extensionOf(id: string): string | null {
  const name = id.slice(id.lastIndexOf("/") + 1);
  const dot = name.lastIndexOf(".");
  return dot > 0 && dot < name.length - 1 ? name.slice(dot + 1).toLowerCase() : null;
}

function decodeSegment(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return refuse("Its percent-encoding is not UTF-8; a literal % is written %25.");
  }
}

function checkSegment(segment: string): void {
  if (segment === "") refuse("It holds an empty segment: no slash may stand at its start, its end, or beside another.");
  if (segment === "." || segment === "..") refuse("It holds the segment . or .. which would name another place.");
  if (segment.includes("/")) refuse("It holds an encoded slash: segments are joined by plain slashes.");
  if (segment.includes("\\")) refuse("It holds a backslash.");
  if (/\p{Cc}/u.test(segment)) refuse("It holds a control character.");
}

function checkLength(id: string): void {
  const bytes = encodeURIComponent(id).length;
  if (bytes > ENCODED_ID_MAX_BYTES) refuse(`It has ${bytes} bytes when encoded; the most is ${ENCODED_ID_MAX_BYTES}.`);
}

function refuse(detail: string): never {
  throw new AppError("id_invalid", { detail: `The image id is malformed. ${detail}` });
}
