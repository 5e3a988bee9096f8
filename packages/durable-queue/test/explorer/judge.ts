import { type Claim, int, Memory, openJobs, slotsTaken, usedBy } from "@prewarm/durable-queue";
import { hasRow, recount } from "@prewarm/durable-queue/testing";
import { firstFault, type SmallWorld } from "./small-world.ts";

/** What must hold in every state and does not. Null: all of it holds. */
export function faultOf(world: SmallWorld): string | null {
  const { queue, sql, accepted, calls, bounds, now } = world;
  const told = (kind: string) => int(sql.exec("SELECT n FROM told WHERE kind = ?", kind)[0]?.n);
  const sum = (counts: object) => Object.values(counts).reduce((all: number, n: number) => all + n, 0);
  const done = new Set(calls.filter(({ state }) => state === "done").map(({ job }) => job)).size;
  const failed = calls.filter(({ state }) => state === "failed" || state === "unclear").length;
  const counts = queue.counts();
  const { memory } = queue.transactions;
  const again = new Memory(sql, { now: () => now, random: () => 0 });
  const { claims } = memory;
  const open = claims.held().filter(({ state }) => state === "admitted").length;
  const { differs, used, slots } = queue.transactions.read((tx) => ({
    differs: recount(tx, false),
    used: sum(usedBy(tx.gateNow)),
    slots: slotsTaken(tx).used,
  }));
  const faults = {
    "the counts differ from the rows": differs.lanes + differs.runs.length > 0,
    "an enqueue was accepted twice": new Set(accepted).size < accepted.length,
    [`of ${accepted.length} jobs ${sum(counts)} are counted`]: sum(counts) !== accepted.length,
    [`${told("done")} results count as ${counts.done}`]: counts.done !== told("done"),
    "a job counts as done that the service has not done": counts.done > done,
    "a job is dead that did not fail twice": counts.dead * 2 > failed,
    "the claims in memory differ from the table": printed(claims) !== printed(again.claims),
    "the documents in memory differ from the table": documentsOf(memory) !== documentsOf(again),
    [`${slots} slots are taken, of ${bounds.concurrency}`]: slots > bounds.concurrency,
    "the budget differs from the admissions": used !== told("admitted") - told("refunded"),
    "the budget differs from the claims": used !== open + told("done") + told("wasted"),
  };
  return world.fault ?? firstFault(faults);
}

/** The claims that an eviction does not forget. */
function printed(claims: Memory["claims"]): string {
  const kept = [...claims.held(), ...claims.abandoned()].filter(hasRow);
  const print = ({ gen, id, state, owner, lane, paidBy, first, admittedAt, due, until }: Claim) =>
    [gen, id, state, owner?.name, lane, paidBy, first, admittedAt, due, until].join();
  return kept.map(print).sort().join(" ");
}

function documentsOf({ counters, gateDoc }: Memory): string {
  return JSON.stringify([counters.state, { ...gateDoc.state, updatedAt: 0 }]);
}

/** Whether all is accepted, no job is open, and no runner, claim or alarm is left. */
export function isAtRest({ queue, sql, runners, isWaking, alarmAt, accepted }: SmallWorld): boolean {
  const rows = int(sql.exec("SELECT (SELECT count(*) FROM claims) + (SELECT count(*) FROM owners) AS n")[0]?.n);
  const left = queue.transactions.read(openJobs) + rows + runners.length;
  return left === 0 && !isWaking && alarmAt === null && accepted.length > 0;
}
