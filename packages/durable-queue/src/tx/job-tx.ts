import { deletePayloads } from "../tables/payloads.ts";
import { QueueTx } from "./queue-tx.ts";

/** The transaction of a queue whose jobs are calls. A payload goes with the row of its job. */
export class JobTx extends QueueTx {
  override get hasExternalJobs(): boolean {
    return false;
  }

  override commit(): void {
    const gone = [...this.rows.changes()].filter(({ before, after }) => before !== null && after === null);
    deletePayloads(
      this.sql,
      gone.map(({ row }) => row),
    );
    super.commit();
  }
}
