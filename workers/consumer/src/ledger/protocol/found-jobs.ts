import { JOB_DEADLINE_MS, LEASE_MS } from "@prewarm/shared/limits";
import type { IttybitJob } from "../../ittybit/dialects.ts";
import { dayOf } from "../tables/gate-state.ts";
import { type Entry, newEntry } from "../tables/hands.ts";
import { laneName, type Row, WAITING } from "../tables/row.ts";
import { holderOfGen } from "./holder-of-gen.ts";
import { isLive } from "./leases.ts";
import type { LedgerTx } from "./ledger-tx.ts";
import { noteJob } from "./note-job.ts";
import type { Unheard } from "./sightings.ts";
import { isUnheard } from "./slots.ts";
import { abandon, floorOf, takeOut } from "./transitions.ts";

/*
 * Jobs in Ittybit's list whose ids no handler has reported. Their metadata names the ledger and the generation. Such a
 * job is left by a handler that died after its POST, and by every POST after the copy that a restore put back.
 */

/**
 * A POST that was sent before its generation was given up is answered within 15 s, or never. Ittybit lists its job by
 * then. Chosen, with a margin.
 */
const POST_LANDS_MS = 30_000;

/** The generations whose jobs the collector looks for. */
export function unheardJobs(tx: LedgerTx): Unheard[] {
  const { memory } = tx;
  const found: Unheard[] = [];
  for (const { entries } of memory.hands.list())
    for (const entry of entries.values())
      if (isUnheard(tx, entry)) found.push({ gen: entry.gen, since: entry.grantedAt, sureAt: null });
  for (const { gen, job, until, grantedAt } of memory.abandoned.list()) {
    if (job !== null) continue;
    const givenUpAt = until - JOB_DEADLINE_MS;
    // How old its job may be is not known any more after an eviction: then no list proves that there is none.
    if (grantedAt === null) found.push({ gen, since: givenUpAt - LEASE_MS, sureAt: null });
    else found.push({ gen, since: grantedAt, sureAt: givenUpAt + POST_LANDS_MS });
  }
  return found;
}

/** Notes a job on a page of Ittybit's list. */
export function noteFound(tx: LedgerTx, job: IttybitJob): void {
  const { memory } = tx;
  const gen = Number(job.metadata.gen);
  if (job.metadata.ledger !== tx.ledgerId || !Number.isSafeInteger(gen)) return;
  const held = holderOfGen(memory, gen);
  if (held !== null) {
    if (held.entry.job === null) takeFound(tx, held.entry, job.id, isLive(held.hand, tx.now));
  } else if (memory.abandoned.get(gen) !== null) noteJob(tx, { id: 0, gen, job: job.id });
  else if (gen < memory.meta.restored) fromBefore(tx, job, gen);
}

/** Notes a job that its owner has not told. */
export function takeFound(tx: LedgerTx, entry: Entry, job: string, isHeld: boolean): void {
  noteJob(tx, { id: entry.id, gen: entry.gen, job });
  // The owner has not reported the job, so its death at the POST still counts as a crash of this entry.
  entry.silent = isHeld;
  // The next handler need not repeat the POST, so the entry is due now.
  entry.due = tx.now;
}

/**
 * Frees the slots of generations without a job. Two complete lists, read after the last possible arrival of their
 * POSTs, prove that no job was made.
 */
export function unmade({ memory, sql }: LedgerTx, gens: readonly number[]): void {
  memory.abandoned.delete(
    sql,
    gens.filter((gen) => memory.abandoned.get(gen)?.job === null),
  );
}

/* ── After a restore ── */

/**
 * Notes a job of a generation that the restored ledger does not know. If its variant still waits, the variant takes the
 * job over. Otherwise the job holds a slot until it ends.
 */
function fromBefore(tx: LedgerTx, job: IttybitJob, gen: number): void {
  const row = waitingRow(tx, job, gen);
  const isGood = job.status === "done" || job.status === "pending";
  if (row !== null) supersede(tx, row, gen);
  if (row !== null && isGood) adopt(tx, row, job);
  else if (job.status === "pending") abandon(tx, { gen, job: job.id, grantedAt: job.createdAt });
}

/**
 * The row of this job, if no newer generation of it was found, and if the row has waited since before the restore. A
 * row that was ordered after the restore and is untouched since counts too, because the copy may lack its order.
 */
function waitingRow(tx: LedgerTx, { metadata: { key = "" } }: IttybitJob, gen: number): Row | null {
  tx.rows.loadKeys([key]);
  const row = tx.rows.get(key);
  if (row?.state !== WAITING || gen < floorOf(tx, row)) return null;
  const held = tx.memory.hands.holderOf(row.id);
  const isNew = row.gen >= tx.memory.meta.restored;
  if (isNew) return held === null && row.attempts === 0 ? row : null;
  return gen >= row.gen && (held === null || held.hand.over) ? row : null;
}

/** Replaces the generation of the copy, which was given up after the copy was made. */
function supersede(tx: LedgerTx, row: Row, gen: number): void {
  const held = tx.memory.hands.holderOf(row.id);
  if (held !== null) takeOut(tx, held, false);
  row.gen = gen;
}

/**
 * Takes the job over as if this ledger had granted it. The handler that fetches the result compares the original first
 * (`Given.compare`).
 */
function adopt(tx: LedgerTx, row: Row, job: IttybitJob): void {
  const grantedAt = Math.min(tx.now, job.createdAt ?? tx.now);
  const paid = { day: dayOf(grantedAt), paidBy: row.lane };
  const grant = { granted: true, grantedAt, job: job.id, due: tx.now, ...paid };
  tx.gateNow.use.add(laneName(row.lane), paid.day, 1);
  tx.memory.hands.put(tx.memory.hands.nobody(`over-${row.gen}`), { ...newEntry(row), ...grant });
}
