import { getDoc, putDoc } from "./docs.ts";
import { fingerprint } from "./fingerprint.ts";
import { TIERS_MS } from "./history.ts";
import type { Sql } from "./sql.ts";

/*
 * What failed within the last hour, by cause, as one document: a view of the present troubles reads one row, however many
 * jobs have failed. Only a transaction in which something fails writes the document.
 */

/** `failed`: an attempt. `dead`, `refused`: a job. */
export type FailureKind = "failed" | "dead" | "refused";

export interface NewFailure {
  kind: FailureKind;
  key: string;
  code: string;
  message: string;
}

/** Failures of one kind and cause. */
export interface FailureCount {
  fingerprint: string;
  code: string;
  /** Of one of them. */
  message: string;
  count: number;
  formats: string[];
  /** The encoded folder of all of them, with `/`. "": they are in several folders, or in none. */
  folder: string;
}

type Tally = Pick<FailureCount, "count" | "formats" | "folder">;
/** Failures by their minute (Unix ms), and by kind and cause: `refused missing-4c1f`. */
type Minutes = Record<number, Record<string, Tally>>;

interface Doc {
  minutes: Minutes;
  /** By cause. */
  names: Record<string, Pick<FailureCount, "code" | "message">>;
}

const KEPT_MS = TIERS_MS.hour;
/** Kinds and causes of one minute. A storm of more causes counts the first ones. */
const CAUSES_MAX = 20;

/** Adds the failures of one transaction. `now`: Unix ms. */
export function addFailures(sql: Sql, failures: readonly NewFailure[], now: number): void {
  if (failures.length === 0) return;
  const doc = read(sql);
  const at = now - (now % TIERS_MS.minute);
  const minute = doc.minutes[at] ?? {};
  for (const { kind, key, code, message } of failures) {
    const cause = fingerprint(code, message);
    const place = `${kind} ${cause}`;
    if (minute[place] === undefined && Object.keys(minute).length >= CAUSES_MAX) continue;
    const one = { count: 1, formats: [formatOf(key)], folder: folderOf(key) };
    minute[place] = sumOf(minute[place], one);
    doc.names[cause] ??= { code, message };
  }
  doc.minutes[at] = minute;
  putDoc(sql, "failures", JSON.stringify(ofLastHour(doc, now)));
}

/** The cause of most failures of a kind since the minute of a time (Unix ms). Null: no failure is known. */
export function mostFrequentFailure(sql: Sql, kind: FailureKind, since: number): FailureCount | null {
  const { minutes, names } = read(sql);
  const sums = new Map<string, Tally>();
  for (const [at, places] of Object.entries(minutes)) {
    if (Number(at) < since - (since % TIERS_MS.minute)) continue;
    for (const [place, tally] of Object.entries(places)) {
      const [of, cause = ""] = place.split(" ");
      if (of === kind) sums.set(cause, sumOf(sums.get(cause), tally));
    }
  }
  const [top] = [...sums].sort(([, a], [, b]) => b.count - a.count);
  if (top === undefined) return null;
  const [cause, tally] = top;
  return { fingerprint: cause, ...(names[cause] ?? { code: "", message: "" }), ...tally };
}

function read(sql: Sql): Doc {
  const body = getDoc(sql, "failures");
  return body === null ? { minutes: {}, names: {} } : (JSON.parse(body) as Doc);
}

function sumOf(known: Tally | undefined, one: Tally): Tally {
  if (known === undefined) return one;
  return {
    count: known.count + one.count,
    formats: [...new Set([...known.formats, ...one.formats])].sort(),
    folder: known.folder === one.folder ? one.folder : "",
  };
}

function ofLastHour({ minutes, names }: Doc, now: number): Doc {
  const kept = Object.entries(minutes).filter(([at]) => Number(at) > now - KEPT_MS);
  const causes = new Set(kept.flatMap(([, places]) => Object.keys(places).map((place) => place.split(" ")[1])));
  return {
    minutes: Object.fromEntries(kept),
    names: Object.fromEntries(Object.entries(names).filter(([cause]) => causes.has(cause))),
  };
}

function formatOf(key: string): string {
  return key.slice(key.lastIndexOf(".") + 1);
}

function folderOf(key: string): string {
  const id = key.slice(0, key.indexOf("/")).replaceAll("%2F", "/");
  return id.slice(0, id.lastIndexOf("/") + 1);
}
