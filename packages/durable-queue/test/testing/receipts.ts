import { type JobQueueOptions, type QueueEvent, QueueTx, type Row } from "@prewarm/durable-queue";

/** Writes a row for each job that is done. */
class Receipts extends QueueTx {
  override onEvent({ kind }: QueueEvent, row: Row | null): void {
    if (kind !== "done" || row === null) return;
    this.sql.exec("INSERT INTO receipts (customer, part, at) VALUES (?, ?, ?)", row.group, row.part, this.now);
  }
}

export const WITH_RECEIPTS: Partial<JobQueueOptions> = {
  Tx: Receipts,
  tables: [["CREATE TABLE receipts (customer TEXT NOT NULL, part TEXT NOT NULL, at INTEGER NOT NULL)"]],
};
