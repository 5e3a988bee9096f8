import { DurableObject } from "cloudflare:workers";
import { DIMENSIONS, type Dimension } from "@prewarm/control-schema/costs";
import { dayOf, durableSql, refuse, type Sql } from "@prewarm/durable-queue";
import { die } from "@prewarm/durable-queue/testing";
import { jobOfKey } from "@prewarm/shared/variant-key";
import type { Places } from "../../../console/tables/costs.ts";
import { addMinutes } from "../../../console/tables/history.ts";
import { addRecent, type Stored } from "../../../console/tables/recent.ts";
import { BULK } from "../../../queue-settings.ts";
import { chunkOf } from "../chunk-of.ts";
import type { DirectLedger } from "../direct-calls.ts";
import { testConfig } from "../setup-config.ts";
import { testEngine } from "../test-engine.ts";

const T0 = Date.UTC(2026, 10, 24, 12);
const DAY_MS = 86_400_000;

/** What is asked: so many failed jobs, images of which a variant was stored of late, and days that have costs. */
export interface Failed {
  failed: number;
  /** Default: 0. */
  stored?: number;
  days?: number;
}

/** The rows that a call reads, as the platform bills them. */
export type RowsRead = Record<
  "stats" | "evicted" | "causes" | "causesAgain" | "images" | "imagesAgain" | "sorted" | "costs",
  number
>;

/** The ledger over the platform's own SQLite, with a counter of the rows that each call reads. */
export class Reads extends DurableObject {
  run({ failed, stored = 0, days = 0 }: Failed): RowsRead {
    let read = 0;
    const { sql, clock } = this.#counted((rows) => {
      read += rows;
    });
    const open = (): DirectLedger => testEngine(sql, { config: testConfig(), clock }).engine;
    const ledger = open();
    clock.ms += 60_000;
    fail(ledger, failed);
    ledger.transactions.write((tx) =>
      addRecent(
        tx.sql,
        Array.from({ length: stored }, (_, n) => storedJob(n)),
      ),
    );
    ledger.transactions.write((tx) => {
      for (let n = 0; n < days; n += 1) addMinutes(tx.sql, {}, { [dayOf(T0 - n * DAY_MS)]: costsOfDay() });
    });
    const rowsOf = (call: () => unknown): number => {
      read = 0;
      call();
      return read;
    };
    const sorts = ["latest", "largest", "cost"] as const;
    const sorted = Math.max(...sorts.map((sort) => rowsOf(() => sortedBy(ledger, sort))));
    const causes = () => ledger.listCauses({ windowMs: 3_600_000, run: null });
    const images = () => ledger.listImages({ search: "", sort: "failed", limit: 50 });
    ledger.stats();
    return {
      stats: rowsOf(() => ledger.stats()),
      evicted: rowsOf(() => open().stats()),
      causes: rowsOf(causes),
      causesAgain: rowsOf(causes),
      images: rowsOf(images),
      imagesAgain: rowsOf(images),
      sorted,
      costs: Math.max(...DIMENSIONS.map((by) => rowsOf(() => costsBy(ledger, by)))),
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

const sortedBy = (ledger: DirectLedger, sort: "latest" | "largest" | "cost") =>
  ledger.listImages({ search: "", sort, limit: 50 });

const costsBy = (ledger: DirectLedger, by: Dimension) =>
  ledger.listCosts({ by, from: T0 - 91 * DAY_MS, to: T0, sort: "cost", skip: 0, limit: 200 });

function storedJob(n: number): Stored {
  const job = { id: n, group: `n${n}`, part: "400-high.webp", gen: n + 1, lane: BULK, run: 0, attempts: 0 } as const;
  return { ...job, created: T0, at: T0, granted: T0, took: 1_000, bytes: 10 + n, paid: 1 };
}

/** As many names of each dimension as a day may have. */
function costsOfDay(): Places {
  const names = Array.from({ length: 300 }, (_, n) => [`run ${n + 1}`, `width ${n + 1}`, `folder f${n}/`]).flat();
  return Object.fromEntries(names.map((place) => [place, [1, 1, 10]]));
}

/** Jobs of six runs: a third is refused, one is dead, one is tried again. */
function fail(ledger: DirectLedger, jobs: number): void {
  for (let from = 0; from < jobs; from += 1_000) {
    const keys = Array.from({ length: Math.min(1_000, jobs - from) }, (_, n) => `m${from + n}/400-high.webp`);
    ledger.acceptChunk(chunkOf({ run: `r${(from / 1_000) % 6}`, keys }, { id: `d${from}`, chunk: 0, hash: "h" }));
    const missing = { code: "missing", message: "the original answered 404", until: T0 + 86_400_000 };
    ledger.transactions.write((tx) => {
      for (const [n, row] of tx.rows.loadKeys(keys.map(jobOfKey)).entries()) {
        const third = n % 3;
        if (third === 0) refuse(tx, row, missing);
        else {
          tx.onEvent({ kind: "failed" }, row);
          Object.assign(row, { attempts: 1, due: T0, error: JSON.stringify({ code: "timeout", message: "too late" }) });
          if (third === 1) die(tx, row, true);
        }
      }
    });
  }
}

export default {
  async fetch(request: Request, env: { READS: DurableObjectNamespace<Reads> }): Promise<Response> {
    const failed = await request.json<Failed>();
    return Response.json(await env.READS.getByName(JSON.stringify(failed)).run(failed));
  },
};
