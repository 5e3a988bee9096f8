import { DurableObject } from "cloudflare:workers";
import { durableSql } from "@prewarm/durable-queue";
import { callsOfDay } from "./calls-of-day.ts";
import type { DaySize } from "./fill-day.ts";

/** The ledger of a day over the platform's own SQLite. Answers the rows that each call reads, as the platform bills them. */
export class Day extends DurableObject {
  run(size: DaySize): Promise<Record<string, number>> {
    const { storage } = this.ctx;
    let read = 0;
    const sql = {
      exec: (query: string, ...params: never[]) => {
        const cursor = storage.sql.exec(query, ...params);
        const rows = cursor.toArray();
        read += cursor.rowsRead;
        return { toArray: () => rows, rowsWritten: cursor.rowsWritten };
      },
      get databaseSize() {
        return storage.sql.databaseSize;
      },
    };
    const counted = { sql, transactionSync: (work: () => unknown) => storage.transactionSync(work) };
    return callsOfDay(durableSql(counted as never), size, () => read);
  }
}

export default {
  async fetch(request: Request, env: { DAY: DurableObjectNamespace<Day> }): Promise<Response> {
    return Response.json(await env.DAY.getByName("day").run(await request.json<DaySize>()));
  },
};
