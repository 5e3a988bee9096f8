import type { DoctorPass, DoctorWalk } from "@prewarm/control-schema/doctor";
import { examine, getDoc, isOpen, putDoc, type Row } from "@prewarm/durable-queue";
import { DOCTOR_SLICES_PER_MINUTE } from "@prewarm/shared/limits";
import { encodedIdOfKey, jobOfKey, keyOfJob } from "@prewarm/shared/variant-key";
import { audit } from "../console/tables/audit.ts";
import { PASS_MS, SETTLED_MS } from "../times.ts";
import { announcementsOf } from "./announced.ts";
import { askedForBlocksAt } from "./asking-for-blocks.ts";
import type { SliceAnswer, SliceRequest, StorePage } from "./calls.ts";
import { noteChange } from "./changes.ts";
import { Findings } from "./findings.ts";
import type { ImageTx } from "./image-tx.ts";
import { beginSweep, placeOfImage, unlockImage } from "./sweeps.ts";
import { isBeingRemade, purgesAt } from "./tables/sweeps.ts";

/*
 * The ledger's half of the doctor. R2 lists an interval of keys, and the ledger compares its rows of exactly these
 * keys. It corrects the effects of crashes, manual edits and restored backups. At the end of a pass it compares the
 * ledger with itself.
 */

/** The walk rests for this long after a whole pass. */
export const REST_MS = 3_600_000;
/** Objects per ms when each slice is full. */
const PLANNED_PER_MS = (1_000 * DOCTOR_SLICES_PER_MINUTE) / 60_000;
/** Maximum difference between the clock of the caller and the ledger's. */
const SKEW_MS = 20_000;

interface Place {
  from: string | null;
  restUntil: number;
  /** Another pass is due at this time, Unix ms. 0: none. */
  again: number;
  /** Start of the running pass, Unix ms, and the objects that it has compared. */
  began?: number;
  looked?: number;
  last?: DoctorPass;
}

function placeOf(tx: ImageTx): Place {
  const body = getDoc(tx.sql, "doctor");
  return body === null ? { from: null, restUntil: 0, again: 0 } : (JSON.parse(body) as Place);
}

/** The position of the cron's walk. Null: the walk rests. */
export function doctorFrom(tx: ImageTx): string | null {
  const { from, restUntil, again } = placeOf(tx);
  if (from !== null) return from;
  return tx.now >= restUntil || (again > 0 && tx.now >= again) ? "" : null;
}

function keepPlace(tx: ImageTx, { from, to, objects }: StorePage): void {
  const before = placeOf(tx);
  const pass: Pick<Place, "began" | "looked"> = from === "" ? {} : before;
  const { began = tx.now, looked: lookedBefore = 0 } = pass;
  const looked = lookedBefore + objects.length;
  const place: Place = { from: to, restUntil: tx.now + REST_MS, again: before.again > tx.now ? before.again : 0 };
  const ended = to === null ? { objects: looked, tookMs: tx.now - began, endedAt: tx.now } : before.last;
  putDoc(tx.sql, "doctor", JSON.stringify({ ...place, began, looked, ...(ended && { last: ended }) }));
}

/** Starts a pass now, and another when every current handler has ended. */
export function askDoctorTwice(tx: ImageTx): void {
  const { last } = placeOf(tx);
  const place: Place = { from: null, restUntil: 0, again: tx.now + SETTLED_MS, ...(last && { last }) };
  putDoc(tx.sql, "doctor", JSON.stringify(place));
}

/**
 * The progress of the cron's walk. R2 does not tell the number of its objects, so the count of the last pass stands for
 * it, and before the first pass the number of variants ever stored.
 */
export function doctorWalk(tx: ImageTx): DoctorWalk {
  const { from, restUntil, again, began = null, looked = 0, last = null } = placeOf(tx);
  const expected = last?.objects ?? tx.statistics.state.totals.stored;
  if (from === null || began === null) {
    const due = again > 0 ? Math.min(again, restUntil) : restUntil;
    return { walking: false, startedAt: null, looked: 0, expected, endsAt: null, restsUntil: due, last };
  }
  // A slice takes a moment of its minute, so the rate is at most the planned one.
  const perMs = Math.min(PLANNED_PER_MS, looked / Math.max(1, tx.now - began));
  const endsAt = expected > looked && perMs > 0 ? Math.round(tx.now + (expected - looked) / perMs) : null;
  return { walking: true, startedAt: began, looked, expected, endsAt, restsUntil: null, last };
}

export function doctorSlice(tx: ImageTx, request: SliceRequest): SliceAnswer {
  const { page, fix, keep, who } = request;
  const findings = new Findings(fix);
  const answer: SliceAnswer = { findings: [], to: page.to, objects: [], markers: [], locks: [], announced: {} };
  const loaded = tx.rows.loadKeys([...page.objects.map(({ key }) => key), ...page.markers].map(jobOfKey));
  const rows = new Map(loaded.map((row) => [keyOfJob(row), row]));
  const stale = belowFloor(tx, page, rows);
  const good = new Set(page.objects.filter((object) => counts(tx, object, rows)).map(({ key }) => key));
  const markers = page.markers.filter((key) => good.has(key) && !rows.has(key));
  answer.announced = announcementsOf(
    tx,
    page.objects.map(({ key }) => key),
  );
  findings.add("object_below_floor", stale.length, stale);
  findings.add("marker_stale", markers.length, markers);
  // Passes of a removal delete these objects, because they note each one for the receipt.
  const isRemoved = (key: string) => tx.images.get(encodedIdOfKey(key)).removed;
  const objects = stale.filter((key) => !isRemoved(key));
  if (fix) Object.assign(answer, { objects, markers, locks: lockFor(tx, objects) });
  if (fix) sweepRemoved(tx, stale.filter(isRemoved).map(encodedIdOfKey));
  if (page.to === null) examineLedger(tx, findings, fix);
  if (keep) keepPlace(tx, page);
  answer.findings = findings.list();
  for (const { code, count } of fix ? answer.findings : []) audit(tx, who, "doctor.fix", code, { count });
  return answer;
}

/**
 * Whether the variant may have been stored after the list, under the name of the older object of the list. Only this
 * instance's memory shows that.
 */
function mayBeNewer({ memory, imageMemory }: ImageTx, key: string, askedAt: number): boolean {
  const since = askedAt - SKEW_MS;
  return memory.startedAt >= since || (imageMemory.stored.at(jobOfKey(key)) ?? 0) >= since;
}

/** Outdated objects that no open row will overwrite. A purge deletes the objects of its own image. */
function belowFloor(tx: ImageTx, { objects, at }: SliceRequest["page"], rows: ReadonlyMap<string, Row>): string[] {
  tx.images.load(objects.map(({ key }) => encodedIdOfKey(key)));
  const stale = objects.filter(({ key, gen }) => {
    const row = rows.get(key);
    const image = tx.images.get(encodedIdOfKey(key));
    // Objects of a removed image were put by hand, or by an older handler.
    // After a restore the block may have been lifted since the copy; the ledger asks R2 first.
    if (image.removed) return askedForBlocksAt(tx) === null;
    if (image.lock > tx.now || (row !== undefined && (isOpen(row) || tx.memory.claims.byJob(row.id) !== null)))
      return false;
    // The sweep of a new original orders it again. Its old bytes are served until then.
    const place = placeOfImage(tx, image.id);
    if (isBeingRemade(tx.sql, { image: image.id, place }) || mayBeNewer(tx, key, at)) return false;
    // A force that ended dead or cancelled has outdated nothing. Without a floor, foreign objects count too.
    return gen < image.floor;
  });
  return stale.map(({ key }) => key);
}

function counts(tx: ImageTx, { key, gen }: { key: string; gen: number }, rows: ReadonlyMap<string, Row>): boolean {
  return gen >= Math.max(rows.get(key)?.floor ?? 0, tx.images.get(encodedIdOfKey(key)).floor);
}

/**
 * Locks the image of the deletions, because deletes have no condition. No row of a locked image is handed out, so no
 * put lands between decision and delete.
 */
function lockFor(tx: ImageTx, keys: readonly string[]): SliceAnswer["locks"] {
  const until = tx.now + PASS_MS;
  return [...new Set(keys.map(encodedIdOfKey))].map((id) => {
    tx.images.get(id).lock = until;
    // Edges may have copies of the deleted objects.
    noteChange(tx, id);
    return { id, until };
  });
}

/** Unlocks, unless another caller has locked since. */
export function doctorDone(tx: ImageTx, locks: SliceAnswer["locks"]): void {
  for (const { id, until } of locks) {
    if (tx.images.get(id).lock === until) unlockImage(tx, id);
  }
}

/** Sweeps removed images that still have objects, unless a pass is due or running. */
function sweepRemoved(tx: ImageTx, ids: readonly string[]): void {
  for (const image of new Set(ids)) {
    const purges = purgesAt(tx.sql, placeOfImage(tx, image)).filter((sweep) => sweep.image === image);
    if (purges.some(({ at }) => at <= tx.now + PASS_MS)) continue;
    const seq = tx.next();
    beginSweep(tx, { seq, image, kind: "delete", fence: seq, lane: null });
  }
}

/** Runs the checks that need no list of R2. */
function examineLedger(tx: ImageTx, findings: Findings, fix: boolean): void {
  const { lateLeases, leakedSlots, counts } = examine(tx, fix);
  findings.add("lease_expired", lateLeases);
  findings.add("slot_leaked", leakedSlots);
  findings.add("counters_differ", counts.lanes + counts.runs.length, counts.runs);
}
