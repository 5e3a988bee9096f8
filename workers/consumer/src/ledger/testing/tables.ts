import { type Claim, Memory, migrate, type Row } from "@prewarm/durable-queue";
import { newClaim, nodeSql, readingOnly, STORED } from "@prewarm/durable-queue/testing";
import type { Lane } from "@prewarm/shared/job";
import { jobOfKey } from "@prewarm/shared/variant-key";
import { ImageTx } from "../../images/image-tx.ts";
import { laneCode, queueConfigOf } from "../../queue-settings.ts";
import { LEDGER_TABLES } from "../tables/own-tables.ts";
import { testConfig } from "./setup-config.ts";

export const T0 = Date.UTC(2026, 10, 24, 12);

/** The ledger's tables and what stands in memory beside them, without its calls: a test makes rows and claims as it likes. */
export function tables() {
  const sql = nodeSql();
  migrate(sql, "L", LEDGER_TABLES);
  const kept = new Memory(sql, { now: () => T0, random: () => 0.5 });
  const site = testConfig();
  const config = queueConfigOf(site);
  const clock = { ms: T0 };
  const txOver = (over: typeof sql | ReturnType<typeof readingOnly>) =>
    new ImageTx(over, {
      site,
      config,
      instance: { version: null, metricErrors: 0 },
      now: clock.ms,
      random: () => 0.5,
      memory: kept,
    });
  const write = <T>(work: (tx: ImageTx) => T): T =>
    sql.transaction(() => {
      const tx = txOver(sql);
      const answer = work(tx);
      tx.commit();
      return answer;
    });
  const read = <T>(work: (tx: ImageTx) => T): T => work(txOver(readingOnly(sql)));
  const rowOf = (tx: ImageTx, key: string): Row => {
    const [row] = tx.rows.loadKeys([jobOfKey(key)]);
    if (row === undefined) throw new Error(`no row of ${key}`);
    return row;
  };

  /** Rows that wait, of a run if one is named. */
  const order = (keys: readonly string[], { run = "", lane = "bulk" as Lane } = {}) =>
    write((tx) => {
      const of = run === "" ? null : tx.runs.open(run, laneCode(lane), null);
      tx.rows.loadKeys(keys.map(jobOfKey));
      for (const key of keys) tx.insert(jobOfKey(key), laneCode(lane)).run = of?.n ?? 0;
    });
  const change = (key: string, to: Partial<Row>) => write((tx) => Object.assign(rowOf(tx, key), to));
  /** Makes claims of an owner; admitted unless said otherwise. */
  const hold = (name: string, keys: readonly string[], to: Partial<Claim> = { state: "admitted" }) =>
    write((tx) => {
      const lease = {
        name,
        until: clock.ms + 60_000,
        instance: 0,
        role: "work" as const,
        brief: false,
      };
      const owner = kept.claims.owner(name) ?? kept.claims.open(lease);
      for (const key of keys) kept.claims.add({ ...newClaim(rowOf(tx, key), owner), ...to });
    });
  /** Stores jobs: their rows and claims go. */
  const store = (keys: readonly string[]) =>
    write((tx) => {
      for (const key of keys) {
        const row = rowOf(tx, key);
        const done = {
          kind: "done",
          gen: row.gen,
          admittedAt: clock.ms - 3_000,
          isPaid: true,
          isFound: false,
        } as const;
        tx.onEvent({ ...done, tookMs: 2_000, result: { bytes: 10 } }, row);
        const claim = kept.claims.byJob(row.id);
        if (claim !== null) kept.claims.remove(claim);
        tx.rows.delete(row, STORED);
      }
    });
  return { sql, kept, clock, write, read, rowOf, order, change, hold, store };
}
