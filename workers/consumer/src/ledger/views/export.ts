import { CANCELLING, hasNoSubscribers, monthOf, type Row, usedByDay } from "@prewarm/durable-queue";
import { OPEN_STATES } from "@prewarm/shared/job";
import { decodeId, keyOfJob } from "@prewarm/shared/variant-key";
import { ANY_JOB } from "../../console/calls.ts";
import { WALK_MAX, walkRows } from "../../console/find-rows.ts";
import { prepare } from "../../console/match-row.ts";
import type { ImageTx } from "../../images/image-tx.ts";
import { readFocals } from "../../images/tables/images.ts";
import { readReasons } from "../../images/tables/removals.ts";
import { everyLane, laneName } from "../../queue-settings.ts";
import type { ExportFact, ExportSlice } from "../calls.ts";

/*
 * What another ledger must be told in place of this one, slice by slice: the month's jobs and the removals first, then the
 * focal points, by which crops are made, then the open jobs. A job keeps its id while it is open, and the slices follow the
 * ids. So a job that changes meanwhile is told once.
 */

/** A removal has up to 650 kB, of which its reason is read. */
const REMOVALS_MAX = 200;
const FOCALS_MAX = 1_000;

/** `cursor`: the kind of facts and the id above which the slice begins. Null: the first slice. */
export function exportSlice(tx: ImageTx, cursor: string | null): ExportSlice {
  const [, kind, above = ""] = /^(removals|focals|jobs) (.*)$/.exec(cursor ?? "removals ") ?? [];
  if (kind === "jobs") return openJobs(tx, Number(above));
  if (kind === "focals") {
    const focals = readFocals(tx.sql, above, FOCALS_MAX);
    const facts = focals.flatMap(({ id, focal }): ExportFact[] =>
      focal === null ? [] : [{ kind: "focal", id: decodeId(id), focal }],
    );
    return { facts, next: focals.length < FOCALS_MAX ? "jobs 0" : `focals ${focals.at(-1)?.id}` };
  }
  const removals = readReasons(tx.sql, above, REMOVALS_MAX);
  const facts = removals.map(({ id, reason }): ExportFact => ({ kind: "removal", id: decodeId(id), reason }));
  const next = removals.length < REMOVALS_MAX ? "focals " : `removals ${removals.at(-1)?.id}`;
  return { facts: above === "" ? [...spent(tx), ...facts] : facts, next };
}

function spent(tx: ImageTx): ExportFact[] {
  const byDay = Object.entries(usedByDay(tx.memory.counters.state.used, monthOf(tx.now)));
  const days = Object.fromEntries(byDay.map(([day, jobs]) => [day, everyLane(jobs, 0)]));
  return byDay.length === 0 ? [] : [{ kind: "spent", days }];
}

function openJobs(tx: ImageTx, above: number): ExportSlice {
  const match = prepare(tx, { ...ANY_JOB, states: [...OPEN_STATES] });
  const { rows, to, more } = walkRows(tx, match, { above, to: null }, WALK_MAX);
  tx.loadGroups(rows.map(({ group }) => group));
  return {
    facts: rows.filter((row) => isOwed(tx, row)).map((row) => jobFact(tx, row)),
    next: more ? `jobs ${to}` : null,
  };
}

/** False: the job is cancelled when its turn comes. */
function isOwed(tx: ImageTx, row: Row): boolean {
  const isRemoved = tx.imageOf(row).removed;
  return row.state !== CANCELLING && !isRemoved && !hasNoSubscribers(tx.runs, row);
}

function jobFact(tx: ImageTx, row: Row): ExportFact {
  const { id = null, label = null } = tx.runs.byNumber(row.run) ?? {};
  // Below the floor R2 may have an object of an older original, which the other ledger cannot know.
  const force = Math.max(row.floor, tx.fenceOf(row)) > 0;
  return { kind: "job", key: keyOfJob(row), lane: laneName(row.lane), run: id, label, force };
}
