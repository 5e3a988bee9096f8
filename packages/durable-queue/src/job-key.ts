/** The key of a job. Two jobs never have the same group and part. */
export interface JobKey {
  /** Jobs of one group share a lock, a fence and an origin, and stand together in the line. */
  group: string;
  /** The job among those of its group. */
  part: string;
}

/** The most characters (UTF-16 units) of a group, and of a part. Chosen: names of stored objects have up to 1,024 bytes. */
export const KEY_MAX_CHARS = 1_024;

/** Whether tables and calls can carry this text as a name: 1 to KEY_MAX_CHARS characters, no NUL, no half surrogate pair. */
export function isName(text: string): boolean {
  const hasLength = typeof text === "string" && text.length > 0 && text.length <= KEY_MAX_CHARS;
  return hasLength && text.isWellFormed() && !text.includes("\0");
}

/** Throws TypeError unless group and part are names. */
export function checkKey({ group, part }: JobKey): void {
  for (const [name, text] of Object.entries({ group, part }))
    if (!isName(text))
      throw new TypeError(`a job's ${name} has 1 to ${KEY_MAX_CHARS} characters, and no NUL or half surrogate pair`);
}

/** Text that no other key has, for a map in memory or a hash. Nothing reads it back. */
export function keyText({ group, part }: JobKey): string {
  return `${group.length}:${group}${part}`;
}
