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
import { acknowledge, forgetChanged, readAcknowledged } from "./acknowledge.ts";
import type { GateView, JobAct, LedgerStats } from "./calls.ts";
import { withAcknowledged } from "./views/acknowledged.ts";
import { gateView, patchGate as patch } from "./views/gate-view.ts";
import { ledgerStats } from "./views/history.ts";
import { listJobs } from "./views/job-list.ts";
import { jobView } from "./views/jobs.ts";
import { getRun } from "./views/runs.ts";
import { type Alarm, alarmsOf } from "./views/warnings.ts";

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
  const numbers = ledgerStats(tx, { ...tx.instance, gate: gateView(tx) });
  return { ...numbers, warnings: withAcknowledged(alarmsOf(numbers, tx.now), readAcknowledged(tx.sql)) };
}

function alarmsNow(tx: ImageTx): Alarm[] {
  return alarmsOf(ledgerStats(tx, { metricErrors: 0, version: null, gate: gateView(tx) }), tx.now);
}

/**
 * Keeps a trouble quiet until it changes. `seen`: the cause that the operator has seen, else `changed`; null: any. `none`:
 * there is no such trouble, or none that can be acknowledged.
 */
export function acknowledgeTrouble(tx: ImageTx, key: string, seen: string | null, who: string) {
  return acknowledge(tx, alarmsNow(tx), { key, seen, who });
}

export function forgetChangedTroubles(tx: ImageTx): void {
  forgetChanged(tx, alarmsNow(tx));
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
