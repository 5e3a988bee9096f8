import { JOB_DEADLINE_MS } from "@prewarm/shared/limits";
import { encodedIdOfKey } from "@prewarm/shared/variant-key";
import type { SliceAnswer, SliceRequest } from "../contract.ts";
import { Findings } from "../findings.ts";
import { countLeaked, freeLeaked } from "../tables/abandoned.ts";
import { audit } from "../tables/audit.ts";
import { setCount, wrongCounts } from "../tables/counters.ts";
import { getDoc, putDoc } from "../tables/docs.ts";
import { BULK, isOpen, type Row, STORED } from "../tables/row.ts";
import type { Tx } from "../tables/tx.ts";
import { PURGE_LOCK_MS, unlockImage } from "./purge.ts";
import { rescueLease, rescueRow } from "./rescue.ts";
import { orderAnew } from "./transitions.ts";

/*
 * The ledger's half of the doctor. R2 lists an interval of keys, the key index gives the rows of the same interval, both in the
 * order of bytes, and one walk compares them. It mends what crashes, manual edits and restored backups leave behind. In doubt it
 * orders a row anew: if the object is there after all, that costs one look.
 */

/** Rows looked at in one transaction: about 10 ms. */
export const SLICE_ROWS = 2_000;
/** A whole pass at most this often; a larger store takes longer by itself (1,000 objects a minute). */
export const REST_MS = 3_600_000;
/** What the alarm mends within a minute is the doctor's business only after this long. */
const LATE_MS = 300_000;
/** Clocks of two machines differ by less. */
const SKEW_MS = 5_000;

interface Place {
  from: string | null;
  restUntil: number;
}

/** Where the cron's walk goes on; null while it rests. */
export function doctorFrom(tx: Tx): string | null {
  const body = getDoc(tx.sql, "doctor");
  const place = body === null ? null : (JSON.parse(body) as Place);
  if (place === null || place.from === null) return tx.now >= (place?.restUntil ?? 0) ? "" : null;
  return place.from;
}

function keepPlace(tx: Tx, to: string | null): void {
  const place: Place = { from: to, restUntil: tx.now + REST_MS };
  putDoc(tx.sql, "doctor", JSON.stringify(place));
}

export function doctorSlice(tx: Tx, request: SliceRequest): SliceAnswer {
  const { page, fix, keep, who } = request;
  const { rows, to } = rowsOf(tx, page.from, page.to);
  const within = (key: string) => to === null || key <= to;
  const objects = page.objects.filter(({ key }) => within(key));
  const findings = new Findings(fix);
  const answer: SliceAnswer = { findings: [], to, objects: [], markers: [], locks: [] };
  // What stands above the last row read belongs to the next slice.
  const byKey = new Map([...rows, ...tx.rows.loadKeys(objects.map(({ key }) => key))].map((row) => [row.key, row]));
  const stale = belowFloor(tx, objects, byKey);
  const good = new Set(objects.filter((object) => counts(tx, object, byKey)).map(({ key }) => key));
  const gone = rows.filter((row) => isGone(row, page.at) && !good.has(row.key));
  const lost = rows.filter((row) => row.owner !== null && !isClaimed(tx, row));
  const markers = page.markers.filter((key) => good.has(key) && (byKey.get(key)?.state ?? STORED) === STORED);
  findings.add("object_below_floor", stale.length, stale);
  findings.add(
    "row_without_object",
    gone.length,
    gone.map(({ key }) => key),
  );
  findings.add(
    "owner_unknown",
    lost.length,
    lost.map(({ key }) => key),
  );
  findings.add("marker_stale", markers.length, markers);
  if (fix) {
    for (const row of gone) makeAgain(tx, row);
    for (const row of lost) rescueRow(tx, row);
    answer.locks = lockFor(tx, stale);
    Object.assign(answer, { objects: stale, markers });
  }
  if (to === null) examineLedger(tx, findings, fix);
  if (keep) keepPlace(tx, to);
  answer.findings = findings.list();
  for (const { code, count } of fix ? answer.findings : []) audit(tx, who, "doctor.fix", code, { count });
  return answer;
}

function rowsOf(tx: Tx, from: string, to: string | null): { rows: Row[]; to: string | null } {
  const rows = tx.rows.loadKeyRange(from, to, SLICE_ROWS + 1);
  if (rows.length <= SLICE_ROWS) return { rows, to };
  rows.length = SLICE_ROWS;
  return { rows, to: rows.at(-1)?.key ?? to };
}

/** Objects that count no more and that no open row will overwrite; those of images under a purge are its business. */
function belowFloor(
  tx: Tx,
  objects: readonly { key: string; gen: number }[],
  rows: ReadonlyMap<string, Row>,
): string[] {
  tx.images.load(objects.map(({ key }) => encodedIdOfKey(key)));
  const stale = objects.filter(({ key, gen }) => {
    const row = rows.get(key);
    const image = tx.images.get(encodedIdOfKey(key));
    if (image.purgingUntil > tx.now) return false;
    if (row !== undefined && (row.owner !== null || isOpen(row) || row.again === 1)) return false;
    // A force that ended dead or cancelled has outdated nothing; without a floor also what somebody else has put there counts.
    return gen < image.floor;
  });
  return stale.map(({ key }) => key);
}

function counts(tx: Tx, { key, gen }: { key: string; gen: number }, rows: ReadonlyMap<string, Row>): boolean {
  return gen >= Math.max(rows.get(key)?.floor ?? 0, tx.images.get(encodedIdOfKey(key)).floor);
}

function isGone(row: Row, at: number): boolean {
  return row.state === STORED && row.owner === null && row.again === 0 && row.storedAt < at - SKEW_MS;
}

function isClaimed(tx: Tx, row: Row): boolean {
  return row.owner !== null && tx.leases.get(row.owner)?.seqs.has(row.seq) === true;
}

/** As the live lane's `gone`, but behind all that somebody waits for. Also what only viewers asked for: a 202 may since have said "existing". */
function makeAgain(tx: Tx, row: Row): void {
  tx.runs.leave(row);
  orderAnew(tx, row);
  row.lane = BULK;
}

/** Deletes are unconditional: while the image is locked nobody can be given its rows, so nobody puts between decision and delete. */
function lockFor(tx: Tx, keys: readonly string[]): SliceAnswer["locks"] {
  const until = tx.now + PURGE_LOCK_MS;
  return [...new Set(keys.map(encodedIdOfKey))].map((id) => {
    tx.images.get(id).purgingUntil = until;
    return { id, until };
  });
}

/** Unlocks, unless somebody else has locked since. */
export function doctorDone(tx: Tx, locks: SliceAnswer["locks"]): void {
  for (const { id, until } of locks) if (tx.images.get(id).purgingUntil === until) unlockImage(tx, id);
}

/** What needs no look at R2. */
function examineLedger(tx: Tx, findings: Findings, fix: boolean): void {
  const claims = tx.leases.over(tx.now - LATE_MS);
  findings.add("claim_expired", claims.length);
  const alive = { from: tx.now - LATE_MS, to: tx.now + JOB_DEADLINE_MS + LATE_MS };
  findings.add("slot_leaked", countLeaked(tx.sql, alive));
  recount(tx, findings, fix);
  if (!fix) return;
  for (const lease of claims) rescueLease(tx, lease);
  freeLeaked(tx.sql, alive);
}

/** Once a pass, because it reads the whole table. What this transaction changes is added to the counts at its commit. */
function recount(tx: Tx, findings: Findings, fix: boolean): void {
  const wrong = wrongCounts(tx.sql);
  findings.add("counters_differ", wrong.length);
  if (fix) for (const count of wrong) setCount(tx.sql, count);
}
