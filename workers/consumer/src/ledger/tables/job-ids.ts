import { encodedIdOfKey } from "@prewarm/shared/variant-key";

/*
 * A job's id is its place: 31 bits of a hash of the image, then 22 bits of a hash of the whole key, so that an image's rows are one
 * range of the primary key and no index is needed to find a key. When two keys hash to one place, the second stands on the next
 * free one. The hash is seeded by the ledger's id: whoever chooses ids to collide would have to know it.
 */

const VARIANTS = 2 ** 22;
/** Places that a key may stand on. Sixteen keys on one hash are not an accident. */
export const NEIGHBOURS = 16;

/** Where a key would like to stand. */
export function placeOf(key: string, seed: string): number {
  return imagePlace(encodedIdOfKey(key), seed) + (hash(`${seed}\n${key}`) & (VARIANTS - 1));
}

/** The range of ids in which an image's rows stand, the upper end excluded; other images' rows may stand there too. */
export function rangeOfImage(encodedId: string, seed: string): { from: number; to: number } {
  const from = imagePlace(encodedId, seed);
  return { from, to: from + VARIANTS + NEIGHBOURS };
}

function imagePlace(encodedId: string, seed: string): number {
  return (hash(`${seed}\n${encodedId}\n`) >>> 1) * VARIANTS;
}

/** Whether two jobs are of one image, as far as their ids tell. */
export function isOneImage(id: number, other: number): boolean {
  return Math.floor(id / VARIANTS) === Math.floor(other / VARIANTS);
}

/** The public name of a job. */
export function nameOf(id: number): string {
  return id.toString(36).padStart(11, "0");
}

const NAME = /^[0-9a-z]{11}$/;

/** The id that a name stands for, or null when it is none. */
export function idOfName(name: string): number | null {
  const id = NAME.test(name) ? Number.parseInt(name, 36) : Number.NaN;
  return Number.isSafeInteger(id) ? id : null;
}

/** MurmurHash3's 32 bits over UTF-16 units; not a secret, only well mixed. */
function hash(text: string): number {
  let h = text.length;
  for (let at = 0; at < text.length; at += 1) {
    let k = Math.imul(text.charCodeAt(at), 0xcc9e2d51);
    k = Math.imul((k << 15) | (k >>> 17), 0x1b873593);
    h ^= k;
    h = (Math.imul((h << 13) | (h >>> 19), 5) + 0xe6546b64) | 0;
  }
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
