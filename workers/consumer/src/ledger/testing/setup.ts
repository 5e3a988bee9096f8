import { jobHash } from "@prewarm/shared/job";
import { encodeId } from "@prewarm/shared/variant-key";
import type { Attempt, ChunkAnswer, Claim, JobAct, NamedJob, Outcome } from "../contract.ts";
import type { LedgerDeps } from "../object/ledger-deps.ts";
import type { PurgeTask } from "../protocol/purge.ts";
import { type Row, rowFrom } from "../tables/row.ts";
import { chunkOf, type Wish } from "./chunk-of.ts";
import { nodeSql } from "./node-sql.ts";
import { type Overrides, testConfig } from "./setup-config.ts";
import { testEngine } from "./test-engine.ts";

export const T0 = Date.UTC(2026, 10, 24, 12);

/** A ledger of one's own, on a clock that only the test moves. Chance always answers 0.5. */
export function setup(overrides: Overrides = {}, more: Partial<LedgerDeps> = {}) {
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
  const { engine: ledger, deps, done } = testEngine(sql, { config: testConfig(overrides), clock }, more);
  const { steps } = ledger;
  let deliveries = 0;

  const row = (key: string): Row | null => {
    const raw = sql.exec("SELECT * FROM jobs WHERE key = ?", key)[0];
    return raw === undefined ? null : rowFrom(raw);
  };
  /** One key, as work's or (with `live`) as a viewer's wake-up. */
  const claim = (owner: string, key: string, live = false): Claim =>
    ledger.claim(owner, [{ keys: [key], live, at: clock.ms }]).claims[key]!;
  const settle = (owner: string, key: string, outcome: Outcome) => ledger.settle(owner, { [key]: outcome })[key];
  const submit = (owner: string, key: string, gen: number, ittybitJob = "j") =>
    ledger.submitted(owner, [{ key, gen, ittybitJob, input: "u" }]);
  /** A whole request, of one chunk. */
  const order = (wish: Wish): ChunkAnswer => {
    deliveries += 1;
    const id = `delivery-${deliveries}`;
    const chunk = chunkOf(wish, { id, chunk: 0, hash: "h" });
    const answer = ledger.acceptChunk(chunk);
    const { run } = chunk.run;
    ledger.finishDelivery({ delivery: { id, chunks: 1, hash: "h" }, run, who: "test", summary: {} });
    return answer;
  };
  const accept = (...keys: string[]) => order({ keys });
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
    submit("maker", key, gen, `job-${gen}`);
    settle("maker", key, stored(gen));
    return gen;
  };
  const abandoned = () => sql.exec("SELECT gen, ittybit_job AS job, until FROM abandoned ORDER BY gen");

  const cancel = async (key: string): Promise<JobAct> => ledger.cancelJob(await jobHash(key), "test");
  const retry = async (key: string): Promise<JobAct> => ledger.retryJob(await jobHash(key), "test");
  const shown = async (key: string) => ledger.getJob(await jobHash(key));
  const job = async (key: string): Promise<NamedJob | null> => (await shown(key))?.job ?? null;
  const attempts = async (key: string): Promise<Attempt[]> => (await shown(key))?.attempts ?? [];
  /** Begins a purge; its look is left for the test to end. */
  const purge = (id: string): PurgeTask => {
    ledger.purgeImage(id, null, "test");
    const task = done.purges.at(-1);
    if (task === undefined) throw new Error("no purge was begun");
    return task;
  };
  const image = (id: string) => {
    const raw = sql.exec("SELECT floor, purging_until FROM images WHERE id = ?", encodeId(id))[0];
    return { floor: Number(raw?.floor ?? 0), purging: Number(raw?.purging_until ?? 0) > clock.ms };
  };
  const slots = () => ledger.getGate().slots;
  return {
    ...{ clock, sql, ledger, steps, deps, done, row, claim, settle, submit, order, accept, granted, stored, made },
    ...{ abandoned, cancel, retry, job, attempts, purge, image, slots },
  };
}

export const TRANSIENT: Outcome = {
  kind: "failed",
  class: "transient",
  failure: { code: "upstream_failed", message: "it failed", httpStatus: 500, kind: "internal" },
  posted: true,
  ended: true,
};
export const PERMANENT: Outcome = { ...TRANSIENT, class: "permanent" };
