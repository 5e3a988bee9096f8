import { finishDelivery as finish, type QueueTx } from "@prewarm/durable-queue";
import type { FinishRequest, Rejected } from "./calls.ts";
import { audit } from "./tables/audit.ts";
import { addRejections } from "./tables/rejections.ts";

/** Finishes a request. Its run and the audit log say who asked, and what was refused at the door. */
export function finishDelivery(
  tx: QueueTx,
  { who, summary, rejected, ...request }: FinishRequest,
): "done" | "repeat" | "mismatch" {
  const end = finish(tx, request);
  const run = request.run === null ? null : tx.runs.byId(request.run);
  if (end !== "done" || run === null) return end;
  noteRejected(tx, run.id, rejected);
  if (summary === null) return end;
  run.who = who;
  audit(tx, who, "warm", run.id, summary);
  return end;
}

/** Notes the rejected items of a request with its run. */
export function noteRejected(tx: QueueTx, id: string, rejected: Rejected | undefined): void {
  const run = tx.runs.byId(id);
  if (run === null || rejected === undefined || rejected.total === 0) return;
  run.rejected += rejected.total;
  addRejections(tx.sql, run.n, rejected.first, tx.now);
}
