/** Names the bytes of an original that several jobs are made from. */
export interface StagedName {
  id: string;
  /** The version of the jobs. Two versions may have different originals, so they share no bytes. */
  v: string | null;
  /** The ledger's (images/staging.ts), in µs of Unix time. */
  number: number;
}

/** Version and number as one segment of names and paths: `<number>` or `<number>@<v>`. Its inverse is `parseStagedSegment`. */
export function stagedSegment({ v, number }: Omit<StagedName, "id">): string {
  return v === null ? String(number) : `${number}@${v}`;
}

/** What `stagedSegment` prints, its number and version, and the path behind it. A number of the ledger has no leading zero. */
export const STAGED_PATTERN = /^(([1-9]\d{0,15})(?:@([A-Za-z0-9_-]{1,64}))?)(?:\/(.+))?$/;

/** The inverse of `stagedSegment`; null for what it never printed. */
export function parseStagedSegment(segment: string): Omit<StagedName, "id"> | null {
  const [, , number, v = null, path] = STAGED_PATTERN.exec(segment) ?? [];
  return number === undefined || path !== undefined ? null : { v, number: Number(number) };
}
