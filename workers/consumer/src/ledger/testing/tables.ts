import type { Lane } from "@prewarm/shared/job";
import { AbandonedJobs } from "../tables/abandoned.ts";
import { Fresh } from "../tables/fresh.ts";
import { type Entry, Hands, newEntry } from "../tables/hands.ts";
import { readMeta } from "../tables/meta.ts";
import { Numbers } from "../tables/numbers.ts";
import { laneCode, type Row, STORED } from "../tables/row.ts";
import { migrate } from "../tables/schema.ts";
import { readingOnly } from "../tables/sql.ts";
import { type Kept, Tx } from "../tables/tx.ts";
import { nodeSql } from "./node-sql.ts";
import { testConfig } from "./setup-config.ts";

export const T0 = Date.UTC(2026, 10, 24, 12);

/** The ledger's tables and what stands in memory beside them, without a protocol: a test makes rows, hands and sums as it likes. */
export function tables() {
  const sql = nodeSql();
  migrate(sql, "L");
  const kept: Kept = {
    ...{ meta: readMeta(sql), numbers: new Numbers(sql), hands: new Hands(sql) },
    ...{ abandoned: new AbandonedJobs(sql), fresh: new Fresh(sql) },
  };
  const config = testConfig();
  const clock = { ms: T0 };
  const txOver = (over: typeof sql | ReturnType<typeof readingOnly>) =>
    new Tx(over, { config, now: clock.ms, random: () => 0.5, kept });
  const write = <T>(work: (tx: Tx) => T): T =>
    sql.transaction(() => {
      const tx = txOver(sql);
      const answer = work(tx);
      tx.commit();
      return answer;
    });
  const read = <T>(work: (tx: Tx) => T): T => work(txOver(readingOnly(sql)));
  const rowOf = (tx: Tx, key: string): Row => {
    const [row] = tx.rows.loadKeys([key]);
    if (row === undefined) throw new Error(`no row of ${key}`);
    return row;
  };

  /** Rows that wait, of a run if one is named. */
  const order = (keys: readonly string[], { run = "", lane = "bulk" as Lane } = {}) =>
    write((tx) => {
      const of = run === "" ? null : tx.runs.open(run, laneCode(lane), null);
      tx.rows.loadKeys(keys);
      const ids = keys.map((key) => {
        const row = tx.insert(key, laneCode(lane));
        row.run = of?.n ?? 0;
        return row.id;
      });
      kept.fresh.put(sql, { lane: laneCode(lane), run: of?.n ?? 0, n: tx.next() }, ids);
    });
  const change = (key: string, to: Partial<Row>) => write((tx) => Object.assign(rowOf(tx, key), to));
  /** Puts jobs into an owner's hands; granted unless said otherwise. */
  const hold = (owner: string, keys: readonly string[], to: Partial<Entry> = { granted: true }) =>
    write((tx) => {
      const lease = {
        owner,
        until: clock.ms + 60_000,
        born: 0,
        role: "work" as const,
        openedAt: clock.ms,
        over: false,
      };
      const hand = kept.hands.get(owner) ?? kept.hands.open(lease);
      for (const key of keys) kept.hands.put(hand, { ...newEntry(rowOf(tx, key)), ...to });
    });
  /** Stores jobs: their rows go. With an owner what follows stands in its document, else it is folded. */
  const store = (keys: readonly string[], owner: string | null = null) =>
    write((tx) => {
      tx.hand = owner === null ? null : kept.hands.get(owner);
      for (const key of keys) {
        const row = rowOf(tx, key);
        const { id, gen, created, lane, run, attempts } = row;
        tx.stored(
          { id, key, gen, created, at: clock.ms, bytes: 10, lane, run, attempts },
          tx.runs.askersOf(row),
          false,
        );
        tx.count("stored");
        const held = kept.hands.holderOf(id);
        if (held !== null) kept.hands.take(held.hand, id);
        tx.rows.delete(row, STORED);
      }
    });
  /** The owner leaves: what it has summed is folded. */
  const leave = (owner: string) =>
    write(() => {
      const hand = kept.hands.get(owner);
      if (hand === null) return;
      hand.over = true;
      kept.hands.touch(hand);
    });
  return { sql, kept, clock, write, read, rowOf, order, change, hold, store, leave };
}
