import { breakerOf, type Given, isLive, isOpen, type Row } from "@prewarm/durable-queue";
import { STAGED_MS } from "@prewarm/shared/limits";
import { resolveOriginal } from "@prewarm/shared/source";
import { LIVE } from "../queue-settings.ts";
import type { Staging } from "./calls.ts";
import type { ImageTx } from "./image-tx.ts";

/*
 * Jobs that were ordered together are made from one read of their original: a handler copies it into R2 under a number (decision 13). The number
 * needs no column, because it follows from what the ledger knows anyway: an order has its time, and what outdates an original has its fence.
 */

/** Orders so soon after a change belong to it: the sweep of a new original orders what it finds within seconds. Chosen. */
const WITH_CHANGE_US = 60_000_000;
/** Jobs that wait longer get other bytes, so that what a job is given lives for at least as long again. */
const PERIOD_US = (STAGED_MS / 2) * 1000;

/**
 * The number of the bytes that a job is made from, if they are staged. A new original, a purge, an order to make the image anew and a restore of
 * the ledger have a higher number than all before. `at`: when the job is made, Unix ms.
 */
export function stagedNumber(tx: ImageTx, { group, created }: Pick<Row, "group" | "created">, at: number): number {
  const { floor, forced } = tx.imageOf({ group });
  const changed = Math.max(floor, forced, tx.memory.meta.restored);
  const ordered = created * 1000;
  const first = ordered < changed + WITH_CHANGE_US ? changed : ordered;
  const periods = Math.floor((at * 1000 - first) / PERIOD_US);
  return first + Math.max(0, periods) * PERIOD_US;
}

/** Whether the original of this id is staged: those in a bucket have an address of the edge already. */
export function isStageable({ site }: Pick<ImageTx, "site">, id: string): boolean {
  return resolveOriginal(site, id)?.kind === "url";
}

/** The staging of jobs that are given to a handler (`owner`: its name), by the job's number. A job that a viewer waits for has none. */
export function stagingOf(tx: ImageTx, owner: string, give: readonly Given[]): Record<number, Staging> {
  const stagings: Record<number, Staging> = {};
  const groups = new Map<string, Row[]>();
  for (const { id, group, urgent, phase, grantedAt } of give) {
    const row = urgent || !isStageable(tx, group) ? null : tx.rows.byId(id);
    // With an open breaker the job is the probe of its origin, and must ask that.
    if (row === null || breakerOf(tx, group) !== null) continue;
    const number = stagedNumber(tx, row, grantedAt || tx.now);
    // Later the bytes are only looked for.
    const isAhead = phase === "standby" || phase === "go";
    const others = isAhead ? othersOf(tx, row, number, groups) : [];
    const elsewhere = others.some((other) => isPreparedElsewhere(tx, owner, other));
    stagings[id] = { number, shared: others.length > 0, elsewhere };
  }
  return stagings;
}

/** The same of one job, as operators see it. Null: a viewer waits for it, or its original is not staged. */
export function stagingOfJob(
  tx: ImageTx,
  job: Pick<Row, "id" | "group" | "created" | "lane">,
  at: number,
): Pick<Staging, "number" | "shared"> | null {
  if (job.lane === LIVE || !isStageable(tx, job.group)) return null;
  const number = stagedNumber(tx, job, at);
  return { number, shared: othersOf(tx, job, number, new Map()).length > 0 };
}

/** The other open jobs of the same bytes for which no viewer waits. */
function othersOf(tx: ImageTx, row: Pick<Row, "id" | "group">, number: number, groups: Map<string, Row[]>): Row[] {
  const rows = groups.get(row.group) ?? tx.rows.loadGroup(row.group);
  groups.set(row.group, rows);
  const isOther = (one: Row) => one.id !== row.id && isOpen(one) && one.lane !== LIVE;
  return rows.filter((one) => isOther(one) && stagedNumber(tx, one, tx.now) === number);
}

function isPreparedElsewhere(tx: ImageTx, owner: string, { id }: Row): boolean {
  const claim = tx.memory.claims.byJob(id);
  if (claim === null || claim.owner === null || claim.owner.name === owner || !isLive(claim.owner, tx.now))
    return false;
  return claim.state === "prefetched" && !claim.ready;
}
