import { type JobKey, keyText } from "../job-key.ts";

/*
 * The id of a job is its place: 31 bits of a hash of its group, then 22 bits of a hash of the whole key. So the rows of
 * a group are one range of the primary key, and a key needs no index. If two keys have one hash, the second takes the
 * next free place. The queue's id seeds the hash, so nobody without that id can choose ids that collide.
 */

/** Places of one group. */
export const PLACES = 2 ** 22;
/** Places that a key may take. Sixteen keys with one hash are no accident. */
export const NEIGHBOURS = 16;

/** The first place of a key. */
export function placeOf(key: JobKey, seed: string): number {
  return placeIn(placeOfGroup(key.group, seed), key, seed);
}

/** The first place of a key of a group. `group`: the first place of the group. */
export function placeIn(group: number, key: JobKey, seed: string): number {
  return group + (hash(`${seed}\n${keyText(key)}`) & (PLACES - 1));
}

/** The range of ids of a group's rows, the upper end excluded. Rows of other groups may be in it too. */
export function rangeOfGroup(group: string, seed: string): { from: number; to: number } {
  const from = placeOfGroup(group, seed);
  return { from, to: from + PLACES + NEIGHBOURS };
}

/** The first place of the group of a job. A job at a further place of its key may seem to be of the next group. */
export function groupPlaceOf(id: number): number {
  return Math.floor(id / PLACES) * PLACES;
}

function placeOfGroup(group: string, seed: string): number {
  return (hash(`${seed}\n${group}\n`) >>> 1) * PLACES;
}

/** The public name of a job. */
export function nameOf(id: number): string {
  return id.toString(36).padStart(11, "0");
}

const NAME = /^[0-9a-z]{11}$/;

/** The id of a name. Null: the text is no name. */
export function idOfName(name: string): number | null {
  const id = NAME.test(name) ? Number.parseInt(name, 36) : Number.NaN;
  return Number.isSafeInteger(id) ? id : null;
}

/** MurmurHash3 with 32 bits over UTF-16 units. It is not a secret, only well mixed. */
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
