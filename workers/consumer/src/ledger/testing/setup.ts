import type { Attempt } from "@prewarm/control-schema/jobs";
import { type ChunkAnswer, type ExternalJob, NOTHING, nameOf, placeOf, type Row } from "@prewarm/durable-queue";
import { nodeSql, observe } from "@prewarm/durable-queue/testing";
import { encodeId, jobOfKey } from "@prewarm/shared/variant-key";
import type { VariantOutcome } from "../../images/calls.ts";
import { type Pass, takePass } from "../../images/sweeps.ts";
import { dueSweeps } from "../../images/tables/sweeps.ts";
import type { ExchangeRequest, JobAct, NamedJob } from "../calls.ts";
import type { LedgerDeps } from "../ledger-deps.ts";
import { chunkOf, type Wish } from "./chunk-of.ts";
import { type KeyedAnswer, type KeyedAssignment, withKeys } from "./keys.ts";
import { type Overrides, testConfig } from "./setup-config.ts";
import { testEngine } from "./test-engine.ts";

export const T0 = Date.UTC(2026, 10, 24, 12);

export type Answer = KeyedAnswer;

/** A ledger of one's own, on a clock that only the test moves, with a full bucket of tokens. Chance always answers 0.5. */
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
  const site = { config: testConfig(overrides), clock };
  const { engine: ledger, deps, done } = testEngine(sql, site, more);
  const { transactions } = ledger;
  // A new instance's bucket is empty.
  clock.advance(60);
  let deliveries = 0;

  const row = (key: string): Row | null => transactions.read((tx) => tx.rows.loadKeys([jobOfKey(key)])[0] ?? null);
  /** Changes the row of a job. */
  const change = (key: string, to: Partial<Row>): void =>
    transactions.write((tx) => void Object.assign(tx.rows.loadKeys([jobOfKey(key)])[0] ?? {}, to));
  const calls = new Map<string, number>();
  /** One call of a worker that has room for 40; the first one of its owner opens the lease. */
  const ask = (owner: string, said: Partial<ExchangeRequest> = {}): ReturnType<typeof withKeys> => {
    const seq = (calls.get(owner) ?? 0) + 1;
    calls.set(owner, seq);
    const request = { owner, first: seq === 1, seq, role: "work" as const, room: 40, have: [], asks: [] };
    return withKeys(ledger.exchange({ ...request, submitted: [], settled: [], leave: false, ...said }));
  };
  const call = (owner: string, said: Partial<ExchangeRequest> = {}): Answer => {
    const answer = ask(owner, said);
    if (answer.status !== "ok") throw new Error(`${owner} has lost its lease`);
    return answer;
  };
  /** The viewer's call: asks for keys missed now. */
  const view = (owner: string, ...keys: string[]): Answer =>
    call(owner, { role: "urgent", room: 0, asks: keys.map((key) => ({ key, at: clock.ms })) });
  /** Says that all it was given is ready; what may go then. */
  const ready = (owner: string, given: readonly KeyedAssignment[]): KeyedAssignment[] =>
    call(owner, { have: given.map(({ id, gen }) => ({ id, gen, phase: "ready" as const })) }).give;
  const settle = (owner: string, { id, gen }: { id: number; gen: number }, outcome: VariantOutcome): Answer =>
    call(owner, { room: 0, settled: [{ id, gen, outcome }] });
  const submit = (owner: string, { id, gen }: { id: number; gen: number }, job = `job-${gen}`): Answer =>
    call(owner, { room: 0, submitted: [{ id, gen, job }] });
  const leave = (owner: string, said: Partial<ExchangeRequest> = {}): Answer => call(owner, { ...said, leave: true });
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
  /** Accepts one key, and has it granted. */
  const granted = (owner: string, key: string): KeyedAssignment => {
    accept(key);
    const given = ready(owner, call(owner).give).find((one) => one.key === key && one.phase === "admitted");
    if (given === undefined) throw new Error(`${key} was not granted`);
    return given;
  };
  /** The poller has seen these jobs end. */
  const ended = (...jobs: (string | Partial<ExternalJob>)[]): void => {
    transactions.write((tx) =>
      observe(tx, { ...NOTHING, ended: jobs.map((job) => jobOf(typeof job === "string" ? { id: job } : job)) }),
    );
  };
  const pending = (...jobs: string[]): void =>
    void transactions.write((tx) => observe(tx, { ...NOTHING, pending: jobs }));
  const absent = (...jobs: string[]): void =>
    void transactions.write((tx) => observe(tx, { ...NOTHING, absent: jobs }));
  /** Accepts, grants, submits and stores. */
  const made = (key: string): KeyedAssignment => {
    const given = granted("maker", key);
    submit("maker", given);
    settle("maker", given, STORED);
    return given;
  };
  const abandoned = () =>
    sql.exec("SELECT gen, external_id AS job, until FROM claims WHERE state = 'abandoned' ORDER BY gen");

  const nameOfKey = (key: string) => nameOf(row(key)?.id ?? placeOf(jobOfKey(key), "test"));
  const cancel = (key: string): JobAct => ledger.cancelJob(nameOfKey(key), "test");
  const retry = (key: string): JobAct => ledger.retryJob(nameOfKey(key), "test");
  const shown = (key: string) => ledger.getJob(nameOfKey(key));
  const job = (key: string): NamedJob | null => shown(key)?.job ?? null;
  const attempts = (key: string): Attempt[] => shown(key)?.attempts ?? [];
  /** Takes the passes of sweeps that are due; they are left for the test to end. */
  const passes = (): Pass[] =>
    dueSweeps(sql, clock.ms, 10)
      .map((seq) => transactions.write((tx) => takePass(tx, seq)))
      .filter((pass) => pass !== null);
  /** Begins a purge, and takes its first pass. */
  const purge = (id: string): Pass => {
    const seq = Number(ledger.purgeImage(id, null, "test").purge);
    const pass = transactions.write((tx) => takePass(tx, seq));
    if (pass === null) throw new Error("no purge was begun");
    return pass;
  };
  const image = (id: string) => {
    const raw = sql.exec("SELECT floor, lock FROM images WHERE id = ?", encodeId(id))[0];
    return { floor: Number(raw?.floor ?? 0), locked: Number(raw?.lock ?? 0) > clock.ms };
  };
  const slots = () => ledger.getGate().slots;
  /** What an evicted object comes back as. */
  const evict = () => setupOver(sql, site, more);
  return {
    clock,
    sql,
    ledger,
    transactions,
    deps,
    done,
    row,
    change,
    ask,
    call,
    view,
    ready,
    settle,
    submit,
    leave,
    order,
    accept,
    granted,
    ended,
    pending,
    absent,
    made,
    abandoned,
    cancel,
    retry,
    job,
    attempts,
    image,
    slots,
    evict,
    passes,
    purge,
  };
}

function setupOver(sql: ReturnType<typeof nodeSql>, site: Parameters<typeof testEngine>[1], more: Partial<LedgerDeps>) {
  return testEngine(sql, site, more).engine;
}

function jobOf(job: Partial<ExternalJob>): ExternalJob {
  const ended = { id: "j", status: "done" as const, said: "succeeded", known: true, output: "https://out.example/o" };
  return { ...ended, error: null, metadata: {}, input: null, createdAt: null, finishedAt: null, ...job };
}

export const STORED: VariantOutcome = { kind: "stored", bytes: 10, tookMs: 1_000 };
export const TRANSIENT: VariantOutcome = {
  kind: "failed",
  class: "transient",
  failure: { code: "upstream_failed", message: "it failed", httpStatus: 500, kind: "internal" },
  external: "ended",
};
export const PERMANENT: VariantOutcome = { ...TRANSIENT, class: "permanent" };
