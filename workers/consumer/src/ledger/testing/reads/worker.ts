import { DurableObject } from "cloudflare:workers";
import { refuse } from "@prewarm/durable-queue/claims/transitions";
import { durableSql, type Sql } from "@prewarm/durable-queue/schema/sql";
import type { Ledger } from "../../ledger.ts";
import { chunkOf } from "../chunk-of.ts";
import { testConfig } from "../setup-config.ts";
import { testEngine } from "../test-engine.ts";

const T0 = Date.UTC(2026, 10, 24, 12);

/** What is asked: so many refused jobs, and what their number is to be read of. */
export interface Failed {
  refused: number;
}

/** The rows that a call reads, as the platform bills them. */
export type RowsRead = Record<
  "stats" | "evicted" | "causes" | "causesAgain" | "dead" | "images" | "imagesAgain",
  number
>;

/** The ledger over the platform's own SQLite, with a counter of the rows that each call reads. */
export class Reads extends DurableObject {
  run({ refused }: Failed): RowsRead {
    let read = 0;
    const { sql, clock } = this.#counted((rows) => {
      read += rows;
    });
    const open = (): Ledger => testEngine(sql, { config: testConfig(), clock }).engine;
    const ledger = open();
    clock.ms += 60_000;
    fail(ledger, refused);
    const rowsOf = (call: () => unknown): number => {
      read = 0;
      call();
      return read;
    };
    const causes = () => ledger.listCauses({ windowMs: 3_600_000, run: null });
    const images = () => ledger.listImages({ search: "", sort: "failed", limit: 50 });
    ledger.stats();
    return {
      stats: rowsOf(() => ledger.stats()),
      evicted: rowsOf(() => open().stats()),
      causes: rowsOf(causes),
      causesAgain: rowsOf(causes),
      dead: rowsOf(() => ledger.listDead({ fingerprint: null, lanes: [], cursor: null, limit: 50 })),
      images: rowsOf(images),
      imagesAgain: rowsOf(images),
    };
  }

  #counted(count: (rows: number) => void): { sql: Sql; clock: { ms: number; now(): number; random(): number } } {
    const { storage } = this.ctx;
    const exec: SqlStorage["exec"] = (query, ...params) => {
      const cursor = storage.sql.exec(query, ...params);
      const rows = cursor.toArray();
      count(cursor.rowsRead);
      return { toArray: () => rows, rowsWritten: cursor.rowsWritten } as never;
    };
    const counted = { sql: { exec }, transactionSync: (work: () => unknown) => storage.transactionSync(work) };
    const clock = { ms: T0, now: () => clock.ms, random: () => 0.5 };
    return { sql: durableSql(counted as never), clock };
  }
}

/** Jobs of six runs, of which each is refused. */
function fail(ledger: Ledger, jobs: number): void {
  for (let from = 0; from < jobs; from += 1_000) {
    const keys = Array.from({ length: Math.min(1_000, jobs - from) }, (_, n) => `m${from + n}/400-high.webp`);
    ledger.acceptChunk(chunkOf({ run: `r${(from / 1_000) % 6}`, keys }, { id: `d${from}`, chunk: 0, hash: "h" }));
    const missing = { code: "missing", message: "the original answered 404", until: T0 + 86_400_000 };
    ledger.transactions.write((tx) => {
      for (const row of tx.rows.loadKeys(keys)) refuse(tx, row, missing);
    });
  }
}

export default {
  async fetch(request: Request, env: { READS: DurableObjectNamespace<Reads> }): Promise<Response> {
    const failed = await request.json<Failed>();
    return Response.json(await env.READS.getByName(JSON.stringify(failed)).run(failed));
  },
};
