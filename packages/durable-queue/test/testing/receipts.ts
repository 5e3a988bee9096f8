import { type JobQueueOptions, JobTx } from "@prewarm/durable-queue";

/** Writes a row for each job that is done. */
class Receipts extends JobTx {
  override stored(...args: Parameters<JobTx["stored"]>): void {
    super.stored(...args);
    this.sql.exec("INSERT INTO receipts (customer, part, at) VALUES (?, ?, ?)", args[0].group, args[0].part, this.now);
  }
}

export const WITH_RECEIPTS: Partial<JobQueueOptions> = {
  Tx: Receipts,
  tables: [["CREATE TABLE receipts (customer TEXT NOT NULL, part TEXT NOT NULL, at INTEGER NOT NULL)"]],
};
