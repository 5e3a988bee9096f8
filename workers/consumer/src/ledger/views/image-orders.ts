import type { ImageOrders } from "@prewarm/control-schema/images";
import { type LaneCode, listAttempts, type Row } from "@prewarm/durable-queue";
import { priceOf } from "@prewarm/shared/cost/job-price";
import { hookOfRun } from "@prewarm/shared/hook-days";
import { readRecentOf } from "../../console/tables/recent.ts";
import type { ImageTx } from "../../images/image-tx.ts";
import { laneName } from "../../queue-settings.ts";
import type { GivenTo } from "../given-to.ts";
import { isValid } from "./jobs.ts";

/** Rows of stored jobs that are searched: up to 100,000 jobs. */
const RECENT_ROWS = 200;

/** A variant that somebody asked for. `run` 0: no run did. */
interface Ordered {
  part: string;
  run: number;
  lane: LaneCode;
  created: number;
}

/** Who asked for the variants of an image, and what its jobs cost, by its rows and the newest stored jobs. */
export function listOrders(tx: ImageTx, { id }: GivenTo<"GET /api/v1/images/{id}/orders">): ImageOrders {
  const rows = tx.rows.loadGroup(id);
  const stored = readRecentOf(tx.sql, id, 0, RECENT_ROWS);
  const ordered = [...stored, ...rows.flatMap((row) => subscribed(tx, row))];
  const outdated = stored.filter((one) => !isValid(tx, one)).reduce((sum, { paid }) => sum + paid, 0);
  const made = stored.reduce((sum, { paid }) => sum + paid, 0);
  const jobs = rows.reduce((sum, row) => sum + paidOf(tx, row), made);
  const orders = [...Map.groupBy(ordered, keyOf).values()].map((some) => orderOf(tx, some));
  return {
    orders: orders.sort((a, b) => a.at - b.at),
    variants: new Set(ordered.map(({ part }) => part)).size,
    jobs,
    outdated,
    amount: priceOf(jobs, tx.site.budget),
  };
}

/** A row has each of its runs as one that asked. */
function subscribed(tx: ImageTx, row: Row): Ordered[] {
  const { part, lane, created } = row;
  return tx.runs.subscribersOf(row).map((run) => ({ part, run, lane, created }));
}

/** Jobs that the service has made for a row: those of failed attempts, and the one under way. */
function paidOf(tx: ImageTx, row: Row): number {
  const claim = tx.memory.claims.byJob(row.id);
  const isMade = claim !== null && claim.gen === row.gen && claim.externalId !== null;
  return listAttempts(tx.sql, row).filter(({ job }) => job !== null).length + (isMade ? 1 : 0);
}

/** Views and what Prewarm orders itself have no run: their lane tells them apart. */
function keyOf({ run, lane }: Ordered): string {
  return run === 0 ? `lane ${lane}` : `run ${run}`;
}

function orderOf(tx: ImageTx, some: readonly Ordered[]): ImageOrders["orders"][number] {
  const [{ run: number, lane } = { run: 0, lane: 0 }] = some;
  const run = tx.runs.byNumber(number);
  const times = some.map(({ created }) => created);
  return {
    run: run?.id ?? null,
    label: run?.label ?? null,
    hook: run === null || run.who !== null ? null : hookOfRun(run.id),
    who: run?.who ?? null,
    lane: laneName(run?.lane ?? lane),
    at: Math.min(...times),
    until: Math.max(...times),
    variants: new Set(some.map(({ part }) => part)).size,
  };
}
