import {
  budgetLeft,
  CANCELLING,
  claimOf,
  closedFor,
  hasQuarantined,
  heldUntil,
  isHeldBack,
  isLocked,
  type JobKey,
  type Owner,
  orderAgain,
  putDoc,
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
import { LIVE_OPEN_MAX, LOOKS_BURST_S, SHED, uselessMost } from "@prewarm/shared/limits";
import { encodedIdOfKey, jobOfKey, versionOfKey } from "@prewarm/shared/variant-key";
import { LIVE } from "../queue-settings.ts";
import type { AnsweredMisses, MissAsk } from "./calls.ts";
import type { ImageTx } from "./image-tx.ts";
import { noteOrder, viewedOf } from "./viewed.ts";

/**
 * Orders variants that viewers missed: creates rows or raises them to the viewers' lane, and gives free rows to this
 * handler. Answers the keys of unknown images. Every client can ask for any id, so a look checks the original before
 * the id may take a row, a slot or a token.
 */
export function takeMisses(tx: ImageTx, owner: Owner, asks: readonly MissAsk[]): AnsweredMisses {
  const misses = asks.map((ask) => ({ ...ask, ...jobOfKey(ask.key) }));
  tx.rows.loadKeys(misses);
  tx.loadGroups(misses.map(({ group }) => group));
  const answered: AnsweredMisses = { look: [], capped: [] };
  // Orders of this call, which the counts of the ledger do not contain yet.
  let ordered = 0;
  for (const one of misses) {
    const result = takeMiss(tx, owner, one, ordered);
    if (result === "ordered") ordered += 1;
    else if (result !== "look") noteRejected(tx);
    if (result === "look" || result === "capped") answered[result].push(one.key);
  }
  return answered;
}

/** A miss, and the key of its job. */
type Miss = MissAsk & JobKey;

/** What the handler does with a miss that makes no row now. */
type Answered = keyof AnsweredMisses;

/** The result of a miss. `rejected`: it has no effect. A capped miss is rejected too, and its image gets a marker. */
type MissResult = "ordered" | Answered | "rejected";

function takeMiss(tx: ImageTx, owner: Owner, one: Miss, ordered: number): MissResult {
  const before = tx.rows.get(one);
  const result = before === null ? orderNew(tx, one, ordered) : orderKnown(tx, before, one, ordered);
  const row = tx.rows.get(one);
  if (row?.state === WAITING && row.lane === LIVE) prefetch(tx, owner, row);
  return result;
}

/** Makes a row, unless the variant was stored after the miss or viewers may make no row. */
function orderNew(tx: ImageTx, one: Miss, ordered: number): MissResult {
  if ((tx.imageMemory.stored.at(one) ?? -1) >= one.at) return "rejected";
  if (isLocked(tx, one) || !mayOrder(tx, ordered)) return "rejected";
  if (isCapped(tx, one.key)) return "capped";
  if (!mayBringVersion(tx, one)) return "rejected";
  if (one.unknown === true && !isKnown(tx, one)) return takeLook(tx) ? "look" : "rejected";
  noteOrder(tx, one.key);
  const row = tx.insert(one, LIVE);
  tx.onEvent({ kind: "accepted" }, row);
  if (one.refused !== undefined) refuse(tx, row, one.refused);
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

/** Takes a token for a look at an unknown id. Without a token the miss is forgotten; the next view asks again. */
function takeLook({ imageMemory, site, now }: ImageTx): boolean {
  const perSecond = site.limits.unknownPerSecond;
  const most = Math.max(1, perSecond * LOOKS_BURST_S);
  return take(imageMemory.unknownLooks, { perSecond, most }, now) !== null;
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

/** Whether viewers have ordered today's maximum of this image. */
function isCapped(tx: ImageTx, key: string): boolean {
  return viewedOf(tx, encodedIdOfKey(key)).orders >= tx.site.limits.liveRowsPerImageDay;
}

function mayBringVersion(tx: ImageTx, { key, signed }: MissAsk): boolean {
  const version = versionOfKey(key);
  if (version === null || signed === true) return true;
  const { versions } = viewedOf(tx, encodedIdOfKey(key));
  return versions.includes(version) || versions.length < tx.site.limits.versionsPerImageDay;
}

function orderKnown(tx: ImageTx, row: Row, one: MissAsk, ordered: number): MissResult {
  if (row.state === WAITING) {
    if (row.lane === LIVE || !mayOrder(tx, ordered)) return "rejected";
    raise(tx, row, LIVE);
    return "ordered";
  }
  if (row.state === CANCELLING || row.deadUntil > tx.now || isLocked(tx, row)) return "rejected";
  if (isCapped(tx, one.key)) return "capped";
  if (!mayOrder(tx, ordered)) return "rejected";
  noteOrder(tx, one.key);
  orderAgain(tx, row, { lane: LIVE, run: 0 });
  return "ordered";
}

function prefetch(tx: ImageTx, owner: Owner, row: Row): void {
  const { claims } = tx.memory;
  if (isHeldBack(tx.gateNow)) return;
  const isFree = claims.byJob(row.id) === null && Math.max(row.due ?? 0, heldUntil(tx, row)) <= tx.now;
  // Only the hand-out gives out a quarantined job, and gives it alone.
  const isSuspicious = row.crashes > 0 || hasQuarantined(tx, owner);
  if (isFree && !isSuspicious) claims.add(claimOf(tx, row, owner));
}
