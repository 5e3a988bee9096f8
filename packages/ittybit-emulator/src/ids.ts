const ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"; // Crockford's base 32
const SUFFIX_LENGTH = 26;
const TIME_LENGTH = 10;

/**
 * `<prefix>_` and 26 base-32 characters, time first, the form of the one complete id in Ittybit's pages
 * (`job_01h455vb4pex5vsknk084sn02q`). Clients must treat it as opaque.
 */
export function createId(prefix: string, now: number, random: () => number): string {
  let time = "";
  for (let rest = now, place = 0; place < TIME_LENGTH; place += 1, rest = Math.floor(rest / 32)) {
    time = ALPHABET.charAt(rest % 32) + time;
  }
  let tail = "";
  while (tail.length < SUFFIX_LENGTH - TIME_LENGTH) tail += ALPHABET.charAt(Math.floor(random() * 32));
  return `${prefix}_${time}${tail}`;
}

/** The id of a job's `index`-th task, derived so that a hundred thousand jobs need not keep four ids each. */
export function taskIdOf(jobId: string, index: number): string {
  const suffix = jobId.slice(jobId.indexOf("_") + 1);
  const last = ALPHABET.indexOf(suffix.slice(-1));
  return `task_${suffix.slice(0, -1)}${ALPHABET.charAt((last + index + 1) % 32)}`;
}
