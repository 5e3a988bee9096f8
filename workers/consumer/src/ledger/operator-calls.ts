import type { GatePatch } from "@prewarm/control-schema/gate";
import type { Run } from "@prewarm/control-schema/runs";
import {
  cancelRun as cancel,
  cancelJob,
  idOfName,
  type Page,
  promoteRun as promote,
  retryJob,
} from "@prewarm/durable-queue";
import { keyOfJob } from "@prewarm/shared/variant-key";
import type { JobFilter } from "../console/calls.ts";
import { audit } from "../console/tables/audit.ts";
import type { ImageTx } from "../images/image-tx.ts";
import type { GateView, JobAct, LedgerNumbers, LedgerStats } from "./calls.ts";
import { foundTroubles, troublesNow } from "./note-troubles.ts";
import { acknowledge } from "./troubles/acknowledged.ts";
import { gateView, patchGate as patch } from "./views/gate-view.ts";
import { ledgerStats } from "./views/history.ts";
import { listJobs } from "./views/job-list.ts";
import { jobView } from "./views/jobs.ts";
import { getRun } from "./views/runs.ts";

/* Calls that need more than one decision or view. Each is one transaction. */

/** Cancels a run, whose jobs follow in slices. False: it is not known. */
export function cancelRun(tx: ImageTx, run: string, who: string): boolean {
  const known = cancel(tx, run);
  if (known) audit(tx, who, "run.cancel", run, {});
  return known;
}

/** Lets a run go before the other runs of its lane, or in turn with them again. `over`: none of its jobs waits. Null: it is not known. */
export function promoteRun(tx: ImageTx, id: string, isFirst: boolean, who: string): Run | "over" | null {
  const result = promote(tx, id, isFirst);
  if (result === "over") return result;
  if (result === "changed") audit(tx, who, "run.promote", id, { first: isFirst });
  return getRun(tx, { run: id });
}

export function jobPage(tx: ImageTx, { filter, cursor, limit }: Page & { filter: JobFilter }) {
  return listJobs(tx, filter, { cursor, limit });
}

export function statsOf(tx: ImageTx): LedgerStats {
  const numbers = numbersNow(tx);
  return { ...numbers, troubles: troublesNow(tx, numbers) };
}

/** The numbers, by which troubles are judged too. */
export function numbersNow(tx: ImageTx): LedgerNumbers {
  return ledgerStats(tx, { ...tx.instance, gate: gateView(tx) });
}

/**
 * Keeps a trouble quiet until it changes. `seen`: the cause that the operator has seen, else `changed`; null: any. `none`:
 * there is no such trouble, or none that can be acknowledged.
 */
export function acknowledgeTrouble(tx: ImageTx, key: string, seen: string | null, who: string) {
  return acknowledge(tx, foundTroubles(tx, numbersNow(tx)), { key, seen, who });
}

export function patchGate(tx: ImageTx, wanted: GatePatch, who: string): GateView {
  const changed = patch(tx, wanted, who);
  if (changed !== null) audit(tx, who, "gate.patch", null, changed);
  return gateView(tx);
}

/** Audits that somebody takes the whole ledger away. */
export function noteExport(tx: ImageTx, who: string): void {
  audit(tx, who, "ledger.export", null, {});
}

const ACTS = {
  retry: (tx: ImageTx, id: number) => retryJob(tx, id),
  cancel: cancelJob,
} as const;

/** The call by which an operator acts on one job. */
export function actOnJob(kind: keyof typeof ACTS) {
  return (tx: ImageTx, name: string, who: string): JobAct => {
    const job = idOfName(name);
    const result = job === null ? "missing" : ACTS[kind](tx, job);
    const row = job === null ? null : tx.rows.byId(job);
    if (row === null) return { status: "none" };
    if (result !== "ok") return { status: "state" };
    audit(tx, who, `job.${kind}`, name, { key: keyOfJob(row) });
    return { status: "ok", job: jobView(tx, row) };
  };
}
