import { HANDLER_WALL_MS, JOB_DEADLINE_MS } from "@prewarm/shared/limits";
import { encodedIdOfKey } from "@prewarm/shared/variant-key";
import type { SliceAnswer, SliceRequest } from "../contract.ts";
import { Findings } from "../findings.ts";
import { type Abandoned, isOver } from "../tables/abandoned.ts";
import { audit } from "../tables/audit.ts";
import { getDoc, putDoc } from "../tables/docs.ts";
import { forgottenIds } from "../tables/forgotten.ts";
import { isRenewing } from "../tables/renewals.ts";
import { isOpen, type Row } from "../tables/row.ts";
import { endLeases, isLive } from "./leases.ts";
import type { LedgerTx } from "./ledger-tx.ts";
import { PURGE_LOCK_MS, unlockImage } from "./purge.ts";
import { recount } from "./recount.ts";

/*
 * The ledger's half of the doctor. R2 lists an interval of keys and the ledger is asked for the rows of just these keys. It mends what
 * crashes, manual edits and restored backups leave behind; at the end of a pass it compares the ledger with itself.
 */

/** A whole pass at most this often; a larger store takes longer by itself (1,000 objects a minute). */
export const REST_MS = 3_600_000;
/** What the alarm mends within a minute is the doctor's business only after this long. */
const LATE_MS = 300_000;
/** Between the clock of who asks R2 and the ledger's. */
const SKEW_MS = 20_000;

interface Place {
  from: string | null;
  restUntil: number;
  /** One pass more is due then, Unix ms; 0 is none. */
  again: number;
}

function placeOf(tx: LedgerTx): Place {
  const body = getDoc(tx.sql, "doctor");
  return body === null ? { from: null, restUntil: 0, again: 0 } : (JSON.parse(body) as Place);
}

/** Where the cron's walk goes on; null while it rests. */
export function doctorFrom(tx: LedgerTx): string | null {
  const { from, restUntil, again } = placeOf(tx);
  if (from !== null) return from;
  return tx.now >= restUntil || (again > 0 && tx.now >= again) ? "" : null;
}

function keepPlace(tx: LedgerTx, to: string | null): void {
  const { again } = placeOf(tx);
  const place: Place = { from: to, restUntil: tx.now + REST_MS, again: again > tx.now ? again : 0 };
  putDoc(tx.sql, "doctor", JSON.stringify(place));
}

/** A pass begins now, and another when every handler of today has ended. */
export function askDoctorTwice(tx: LedgerTx): void {
  const place: Place = { from: null, restUntil: 0, again: tx.now + HANDLER_WALL_MS + 60_000 };
  putDoc(tx.sql, "doctor", JSON.stringify(place));
}

export function doctorSlice(tx: LedgerTx, request: SliceRequest): SliceAnswer {
  const { page, fix, keep, who } = request;
  const findings = new Findings(fix);
  const answer: SliceAnswer = { findings: [], to: page.to, objects: [], markers: [], locks: [] };
  const loaded = tx.rows.loadKeys([...page.objects.map(({ key }) => key), ...page.markers]);
  const rows = new Map(loaded.map((row) => [row.key, row]));
  const stale = belowFloor(tx, page, rows);
  const good = new Set(page.objects.filter((object) => counts(tx, object, rows)).map(({ key }) => key));
  const markers = page.markers.filter((key) => good.has(key) && !rows.has(key));
  findings.add("object_below_floor", stale.length, stale);
  findings.add("marker_stale", markers.length, markers);
  if (fix) Object.assign(answer, { objects: stale, markers, locks: lockFor(tx, stale) });
  if (page.to === null) examineLedger(tx, findings, fix);
  if (keep) keepPlace(tx, page.to);
  answer.findings = findings.list();
  for (const { code, count } of fix ? answer.findings : []) audit(tx, who, "doctor.fix", code, { count });
  return answer;
}

/** What was stored since R2 was asked stands under a name that was listed with what stood there before. This instance must know of it. */
function mayBeNewer({ memory }: LedgerTx, key: string, askedAt: number): boolean {
  const since = askedAt - SKEW_MS;
  return memory.born >= since || (memory.stored.at(key) ?? 0) >= since;
}

/** Objects that count no more and that no open row will overwrite; those of images under a purge are its business. */
function belowFloor(tx: LedgerTx, { objects, at }: SliceRequest["page"], rows: ReadonlyMap<string, Row>): string[] {
  tx.images.load(objects.map(({ key }) => encodedIdOfKey(key)));
  const stale = objects.filter(({ key, gen }) => {
    const row = rows.get(key);
    const image = tx.images.get(encodedIdOfKey(key));
    if (image.lock > tx.now || (row !== undefined && (isOpen(row) || tx.memory.hands.holderOf(row.id) !== null)))
      return false;
    // A new original's renewal makes it anew, and its old bytes serve until then.
    if (isRenewing(tx.sql, encodedIdOfKey(key)) || mayBeNewer(tx, key, at)) return false;
    // A force that ended dead or cancelled has outdated nothing; without a floor also what somebody else has put there counts.
    return gen < image.floor;
  });
  return stale.map(({ key }) => key);
}

function counts(tx: LedgerTx, { key, gen }: { key: string; gen: number }, rows: ReadonlyMap<string, Row>): boolean {
  return gen >= Math.max(rows.get(key)?.floor ?? 0, tx.images.get(encodedIdOfKey(key)).floor);
}

/** Deletes are unconditional: while the image is locked nobody can be given its rows, so nobody puts between decision and delete. */
function lockFor(tx: LedgerTx, keys: readonly string[]): SliceAnswer["locks"] {
  const until = tx.now + PURGE_LOCK_MS;
  return [...new Set(keys.map(encodedIdOfKey))].map((id) => {
    tx.images.get(id).lock = until;
    return { id, until };
  });
}

/** Unlocks, unless somebody else has locked since. */
export function doctorDone(tx: LedgerTx, locks: SliceAnswer["locks"]): void {
  for (const { id, until } of locks) if (tx.images.get(id).lock === until) unlockImage(tx, id);
}

/** What needs no look at R2. */
function examineLedger(tx: LedgerTx, findings: Findings, fix: boolean): void {
  const { hands, abandoned } = tx.memory;
  const late = hands.list().filter((hand) => !hand.over && !isLive(hand, tx.now - LATE_MS));
  findings.add("lease_expired", late.length);
  const leaked = abandoned.list().filter((one) => isLeaked(one, tx.now));
  findings.add("slot_leaked", leaked.length);
  const forgotten = forgottenIds(tx.sql).filter((id) => hands.holderOf(id) === null);
  findings.add("row_forgotten", forgotten.length);
  recount(tx, findings, fix);
  if (!fix) return;
  if (late.length > 0) endLeases(tx);
  const gens = leaked.map(({ gen }) => gen);
  abandoned.delete(tx.sql, gens);
  for (const row of tx.rows.loadIds(forgotten)) row.due = tx.now;
}

/** The alarm has freed the earlier ones, and nobody gives a later one. */
function isLeaked(one: Abandoned, now: number): boolean {
  return isOver(one, now - LATE_MS) || one.until > now + JOB_DEADLINE_MS + LATE_MS;
}

/** At once, where the rows were changed by other hands. */
export function recountNow(tx: LedgerTx): void {
  recount(tx, new Findings(true), true);
}
