import type { Claim, Outcome } from "../contract.ts";
import { LedgerCore } from "../ledger.ts";
import { type Row, rowFrom } from "../tables/row.ts";
import { nodeSql } from "./node-sql.ts";
import { type Overrides, testConfig } from "./setup-config.ts";

export const T0 = Date.UTC(2026, 10, 24, 12);

/** A ledger of one's own, on a clock that only the test moves. Chance always answers 0.5. */
export function setup(overrides: Overrides = {}) {
  const clock = {
    ms: T0,
    now: () => clock.ms,
    random: () => 0.5,
    /** Seconds. */
    advance(seconds: number) {
      clock.ms += seconds * 1000;
    },
  };
  const sql = nodeSql();
  const core = new LedgerCore(sql, { config: testConfig(overrides), clock, ledgerId: "test" });

  const row = (key: string): Row | null => {
    const raw = sql.exec("SELECT * FROM jobs WHERE key = ?", key)[0];
    return raw === undefined ? null : rowFrom(raw);
  };
  /** One key, as work's or (with `live`) as a viewer's wake-up. */
  const claim = (owner: string, key: string, live = false): Claim =>
    core.claim(owner, [{ keys: [key], live, at: clock.ms }]).claims[key]!;
  const settle = (owner: string, key: string, outcome: Outcome) => core.settle(owner, { [key]: outcome })[key];
  const accept = (...keys: string[]) => core.accept({ run: null, lane: "bulk", keys });
  /** Accepts and claims; the generation granted. */
  const granted = (owner: string, key: string): number => {
    accept(key);
    const answer = claim(owner, key);
    if (answer.do !== "run") throw new Error(`${key}: ${answer.do}`);
    return answer.gen;
  };
  const stored = (gen: number): Outcome => ({ kind: "stored", gen, bytes: 10, etag: "e", tookMs: 1_000 });
  /** Accepts, claims, submits and stores; the generation. */
  const made = (key: string): number => {
    const gen = granted("maker", key);
    core.submitted("maker", [{ key, gen, job: `job-${gen}`, input: "u" }]);
    settle("maker", key, stored(gen));
    return gen;
  };
  const abandoned = () => sql.exec("SELECT gen, job, until FROM abandoned ORDER BY gen");
  return { clock, sql, core, row, claim, settle, accept, granted, stored, made, abandoned };
}

export const TRANSIENT: Outcome = {
  kind: "failed",
  class: "transient",
  failure: { code: "upstream_failed", message: "it failed", httpStatus: 500, kind: "internal" },
  posted: true,
  ended: true,
};
export const PERMANENT: Outcome = { ...TRANSIENT, class: "permanent" };
