import { type Assignment, breakerOf, isLive, isOpen, type JobKey, type Row } from "@prewarm/durable-queue";
import { STAGED_MS } from "@prewarm/shared/limits";
import { resolveOriginal } from "@prewarm/shared/source";
import { keyOfJob, versionOfKey } from "@prewarm/shared/variant-key";
import { LIVE } from "../queue-settings.ts";
import type { Staging } from "./calls.ts";
import type { ImageTx } from "./image-tx.ts";

/*
 * Jobs that were ordered together are made from one read of their original: a handler copies it into R2 under a number
 * (decision 13). The number needs no column, because it follows from the time of the order and the fences of the image.
 * Only jobs of one version share bytes: the number cannot tell two versions that were ordered soon after one change.
 */

/**
 * Orders this soon after a change belong to it: the sweep of a new original makes its orders within seconds. Chosen.
 */
const WITH_CHANGE_US = 60_000_000;
/** Jobs that wait longer get other bytes, so that the bytes live at least this long after a job gets them. */
const PERIOD_US = (STAGED_MS / 2) * 1000;

/**
 * The number of the staged bytes of a job. A new original, a purge, a forced order and a restore of the ledger raise it
 * above all before. `at`: the time of the job, Unix ms.
 */
export function stagedNumber(tx: ImageTx, { group, created }: Pick<Row, "group" | "created">, at: number): number {
  const { floor, forced } = tx.imageOf({ group });
  const changed = Math.max(floor, forced, tx.memory.meta.restored);
  const ordered = created * 1000;
  const first = ordered < changed + WITH_CHANGE_US ? changed : ordered;
  const periods = Math.floor((at * 1000 - first) / PERIOD_US);
  return first + Math.max(0, periods) * PERIOD_US;
}

/** Whether the original of this id can be staged. An original in a bucket has an address of the edge already. */
export function isStageable({ site }: Pick<ImageTx, "site">, id: string): boolean {
  return resolveOriginal(site, id)?.kind === "url";
}

/**
 * The staging of jobs that a handler (`owner`) gets, by the number of the job. A job that a viewer waits for has none.
 */
export function stagingOf(tx: ImageTx, owner: string, give: readonly Assignment[]): Record<number, Staging> {
  const stagings: Record<number, Staging> = {};
  const groups = new Map<string, Row[]>();
  for (const { id, group, urgent, phase, grantedAt } of give) {
    const row = urgent || !isStageable(tx, group) ? null : tx.rows.byId(id);
    // With an open breaker the job is the probe of its origin, so it must read from there.
    if (row === null || breakerOf(tx, group) !== null) continue;
    const number = stagedNumber(tx, row, grantedAt || tx.now);
    // Later phases use the bytes if they exist, and stage none.
    const isAhead = phase === "standby" || phase === "admitted";
    const others = isAhead ? othersOf(tx, row, number, groups) : [];
    const elsewhere = others.some((other) => isPreparedElsewhere(tx, owner, other));
    stagings[id] = { number, shared: others.length > 0, elsewhere };
  }
  return stagings;
}

/** The same for one job, as operators see it. Null: a viewer waits for it, or its original cannot be staged. */
export function stagingOfJob(
  tx: ImageTx,
  job: Pick<Row, "id" | "group" | "part" | "created" | "lane">,
  at: number,
): Pick<Staging, "number" | "shared"> | null {
  if (job.lane === LIVE || !isStageable(tx, job.group)) return null;
  const number = stagedNumber(tx, job, at);
  return { number, shared: othersOf(tx, job, number, new Map()).length > 0 };
}

/** The other open jobs of the same bytes, without those of viewers. */
function othersOf(
  tx: ImageTx,
  row: Pick<Row, "id" | "group" | "part">,
  number: number,
  groups: Map<string, Row[]>,
): Row[] {
  const rows = groups.get(row.group) ?? tx.rows.loadGroup(row.group);
  groups.set(row.group, rows);
  const v = versionOf(row);
  const isOther = (other: Row) => other.id !== row.id && isOpen(other) && other.lane !== LIVE && versionOf(other) === v;
  return rows.filter((other) => isOther(other) && stagedNumber(tx, other, tx.now) === number);
}

function versionOf(job: JobKey): string | null {
  return versionOfKey(keyOfJob(job));
}

function isPreparedElsewhere(tx: ImageTx, owner: string, { id }: Row): boolean {
  const claim = tx.memory.claims.byJob(id);
  if (claim === null || claim.owner === null || claim.owner.name === owner || !isLive(claim.owner, tx.now))
    return false;
  return claim.state === "prefetched" && !claim.ready;
}
