/* The changelog's part of a release. */

const UNRELEASED = "## Unreleased\n";

/** The entries of *Unreleased*, which are a release's notes; null: there is none. */
export function notesOf(changelog: string): string | null {
  const [, after = ""] = changelog.split(UNRELEASED);
  const notes = (after.split(/^## /m)[0] ?? "").trim();
  return /^- /m.test(notes) ? notes : null;
}

/** The changelog with *Unreleased* as this version of this day (`2026-12-01`), below a new *Unreleased*. */
export function releasedChangelog(changelog: string, version: string, day: string): string {
  return changelog.replace(UNRELEASED, `${UNRELEASED}\n## ${version} (${day})\n`);
}

/** Whether a version is above all others. A version is three whole numbers: `1.2.0`; others are passed over. */
export function isNewest(version: string, others: readonly string[]): boolean {
  const own = numbersOf(version);
  return own !== null && others.every((other) => isBelow(numbersOf(other), own));
}

function numbersOf(version: string): number[] | null {
  return /^(?:0|[1-9]\d{0,5})(?:\.(?:0|[1-9]\d{0,5})){2}$/.test(version) ? version.split(".").map(Number) : null;
}

function isBelow(one: number[] | null, other: readonly number[]): boolean {
  if (one === null) return true;
  const at = one.findIndex((number, part) => number !== other[part]);
  return at !== -1 && (one[at] ?? 0) < (other[at] ?? 0);
}
