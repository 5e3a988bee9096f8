import {
  budgetLeft,
  CANCELLING,
  claimOf,
  closedFor,
  hasQuarantined,
  isClosedForAll,
  isLocked,
  type JobKey,
  type Owner,
  orderAgain,
  putDoc,
  putOffUntil,
  REFUSED,
  type Row,
  raise,
  refuse,
  take,
  urgentAdmitted,
  urgentOpen,
  WAITING,
} from "@prewarm/durable-queue";
import { backoff } from "@prewarm/shared/backoff";
import { CHECKS_BURST_S, LIVE_OPEN_MAX, SHED, uselessMost } from "@prewarm/shared/limits";
import { encodedIdOfKey, jobOfKey, versionOfKey } from "@prewarm/shared/variant-key";
import { LIVE } from "../queue-settings.ts";
import type { AnsweredMisses, MissAsk } from "./calls.ts";
import type { ImageTx } from "./image-tx.ts";
import { noteOrder, viewedOf } from "./viewed.ts";

/**
 * Orders variants that viewers missed: creates rows or raises them to the viewers' lane, and gives free rows to this
 * handler. Answers the keys of unknown images, whose originals the handler checks before their variants take a row, a
 * slot or a token, because every client can ask for any id.
 */
export function takeMisses(tx: ImageTx, owner: Owner, asks: readonly MissAsk[]): AnsweredMisses {
  const misses = asks.map((ask) => ({ ...ask, ...jobOfKey(ask.key) }));
  tx.rows.loadKeys(misses);
  tx.loadGroups(misses.map(({ group }) => group));
  const answered: AnsweredMisses = { check: [], capped: [] };
  // Orders of this call. The counts of the ledger do not contain them yet.
  let ordered = 0;
  for (const miss of misses) {
    const result = takeMiss(tx, owner, miss, ordered);
    if (result === "ordered") ordered += 1;
    else if (result !== "check") noteRejected(tx);
    if (result === "check" || result === "capped") answered[result].push(miss.key);
  }
  return answered;
}

/** A miss, and the key of its job. */
type Miss = MissAsk & JobKey;

/** A miss that makes no row, and that the handler acts on. */
type Answered = keyof AnsweredMisses;

/** The result of a miss. `rejected`: no effect. `capped`: no effect, and the image gets a marker. */
type MissResult = "ordered" | Answered | "rejected";

function takeMiss(tx: ImageTx, owner: Owner, miss: Miss, ordered: number): MissResult {
  const before = tx.rows.get(miss);
  const result = before === null ? orderNew(tx, miss, ordered) : orderKnown(tx, before, miss, ordered);
  const row = tx.rows.get(miss);
  if (row?.state === WAITING && row.lane === LIVE) prefetch(tx, owner, row);
  return result;
}

/** Makes a row, unless the variant was stored after the miss or viewers may make no row. */
function orderNew(tx: ImageTx, miss: Miss, ordered: number): MissResult {
  if ((tx.imageMemory.stored.at(miss) ?? -1) >= miss.at) return "rejected";
  if (isLocked(tx, miss) || !mayOrder(tx, ordered)) return "rejected";
  if (isCapped(tx, miss.key)) return "capped";
  if (!mayBringVersion(tx, miss)) return "rejected";
  if (miss.unknown === true && !isKnown(tx, miss)) return takeCheck(tx) ? "check" : "rejected";
  noteOrder(tx, miss.key);
  const row = tx.insert(miss, LIVE);
  tx.onEvent({ kind: "accepted" }, row);
  if (miss.refused !== undefined) refuse(tx, row, miss.refused);
  return "ordered";
}

/** Whether the ledger knows that the image exists. */
function isKnown(tx: ImageTx, job: JobKey): boolean {
  const { etag, ordering, floor } = tx.imageOf(job);
  if (etag !== null || ordering !== null || floor > 0 || tx.imageMemory.stored.at(job) !== null) return true;
  return tx.rows.loadGroup(job.group).some(({ state }) => state !== REFUSED);
}

/**
 * Whether viewers may order one more variant. Beyond their budget a row would wait until tomorrow, and would delay a
 * warming run that wants the same variant. A pause that the engine asked for passes soon, so it does not count.
 */
function mayOrder(tx: ImageTx, ordered: number): boolean {
  const closed = closedFor(tx.gateNow, "live");
  if (closed !== null && closed.code !== "throttled") return false;
  const open = urgentOpen(tx) + ordered;
  if (open >= LIVE_OPEN_MAX) return false;
  const left = budgetLeft(tx.gateNow, "live");
  return open < left || open - urgentAdmitted(tx) < left;
}

/** Takes a token for an existence check. Without a token the miss is forgotten, and the next view asks again. */
function takeCheck({ imageMemory, site, now }: ImageTx): boolean {
  const perSecond = site.limits.unknownPerSecond;
  const most = Math.max(1, perSecond * CHECKS_BURST_S);
  return take(imageMemory.checks, { perSecond, most }, now) !== null;
}

/**
 * Takes a token for a message without effect, because messages cost money. When the bucket is empty, the edges shed the
 * misses of clients without a signature for a while, twice as long each time.
 */
function noteRejected({ sql, imageMemory, site, now }: ImageTx): void {
  if ((take(imageMemory.rejected, uselessMost(site.limits.unknownPerSecond), now) ?? 0) >= 1) return;
  const { shed } = imageMemory;
  if (shed.until > now) return;
  const { firstMs, longestMs, forgetMs } = SHED;
  shed.times = now - shed.until > forgetMs ? 1 : shed.times + 1;
  shed.until = now + backoff(shed.times, { first: firstMs, longest: longestMs });
  putDoc(sql, "shed", JSON.stringify(shed));
}

/** Whether viewers have ordered the maximum of this image today. */
function isCapped(tx: ImageTx, key: string): boolean {
  return viewedOf(tx, encodedIdOfKey(key)).orders >= tx.site.limits.liveRowsPerImageDay;
}

function mayBringVersion(tx: ImageTx, { key, signed }: MissAsk): boolean {
  const version = versionOfKey(key);
  if (version === null || signed === true) return true;
  const { versions } = viewedOf(tx, encodedIdOfKey(key));
  return versions.includes(version) || versions.length < tx.site.limits.versionsPerImageDay;
}

function orderKnown(tx: ImageTx, row: Row, miss: MissAsk, ordered: number): MissResult {
  if (row.state === WAITING) {
    if (row.lane === LIVE || !mayOrder(tx, ordered)) return "rejected";
    raise(tx, row, LIVE);
    return "ordered";
  }
  if (row.state === CANCELLING || row.deadUntil > tx.now || isLocked(tx, row)) return "rejected";
  if (isCapped(tx, miss.key)) return "capped";
  if (!mayOrder(tx, ordered)) return "rejected";
  noteOrder(tx, miss.key);
  orderAgain(tx, row, { lane: LIVE, run: 0 });
  return "ordered";
}

function prefetch(tx: ImageTx, owner: Owner, row: Row): void {
  const { claims } = tx.memory;
  if (isClosedForAll(tx.gateNow)) return;
  const isFree = claims.byJob(row.id) === null && Math.max(row.due ?? 0, putOffUntil(tx, row)) <= tx.now;
  // A quarantined job runs alone, and only the hand-out sees to that.
  const isSuspicious = row.crashes > 0 || hasQuarantined(tx, owner);
  if (isFree && !isSuspicious) claims.add(claimOf(tx, row, owner));
}
