import { CoverageReport } from "@prewarm/control-schema/coverage";
import { leastValue } from "@prewarm/control-schema/testing/least-value";
import { NOTHING } from "@prewarm/durable-queue";
import { nodeSql, observe } from "@prewarm/durable-queue/testing";
import { ANY_JOB } from "../../src/console/calls.ts";
import type { LedgerCalls } from "../../src/ledger/ledger-for.ts";
import { CALLS, type DirectLedger } from "../../src/ledger/testing/direct-calls.ts";
import { ofPlainReads } from "../../src/ledger/testing/plain-reads.ts";
import { testConfig } from "../../src/ledger/testing/setup-config.ts";
import { testEngine } from "../../src/ledger/testing/test-engine.ts";

export interface Call {
  call: keyof LedgerCalls;
  args: unknown[];
  answer: unknown;
}

const T0 = Date.UTC(2026, 10, 24, 12);
const key = (id: string, width = 400) => `${id}/${width}-high.webp`;
const WHO = "operator token 1";

/** What every caller of a ledger says once, and what it is answered: every call there is, and its kinds of arguments and answers. */
export function playSession() {
  const clock = { ms: T0, now: () => clock.ms, random: () => 0.5 };
  const sql = nodeSql();
  const { engine } = testEngine(sql, {
    config: testConfig({ gate: { concurrency: 20 } }),
    clock,
  });
  clock.ms += 60_000;
  const calls: Call[] = [];
  const say: Say = (call, ...args) => {
    const given = structuredClone(args);
    const answer = (engine[call] as (...args: unknown[]) => unknown)(...structuredClone(args));
    calls.push({ call, args: given, answer: answer instanceof Promise ? null : structuredClone(answer ?? null) });
    return answer as never;
  };
  const exchange = (owner: string, said: Partial<Parameters<LedgerCalls["exchange"]>[0]>) => {
    const nothing = { have: [], asks: [], submitted: [], settled: [], leave: false };
    const answer = say("exchange", { owner, first: false, role: "work", room: 40, ...nothing, ...said });
    return answer.status === "ok" ? answer.give : [];
  };
  intake(say);
  handlers(exchange, engine, clock);
  operators(say, sql);
  upkeep(say, clock);
  const missing = Object.keys(CALLS).filter((name) => !calls.some(({ call }) => call === name));
  if (missing.length > 0) throw new Error(`the session makes no call of ${missing.join()}`);
  return { calls, sql, clock };
}

type Say = <K extends keyof LedgerCalls>(
  call: K,
  ...args: Parameters<LedgerCalls[K]>
) => Awaited<ReturnType<LedgerCalls[K]>>;

function intake(say: Say): void {
  const images = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"].map((id) => ({
    id,
    keys: [key(id), key(id, 800)],
    order: "1",
    sourceEtag: `"${id}"`,
  }));
  const delivery = { id: "warm:1", chunk: 0, hash: "h" };
  const chunk = {
    run: { run: "run_1", label: "all", lane: "bulk" as const },
    delivery,
    images,
    force: false,
    backlogMax: 1_000,
  };
  say("acceptChunk", chunk);
  say("acceptChunk", chunk);
  say("acceptChunk", { ...chunk, delivery: { ...delivery, hash: "other" } });
  say("acceptChunk", { ...chunk, delivery: { id: "warm:2", chunk: 0, hash: "h" }, backlogMax: 1 });
  say("acceptChunk", {
    ...chunk,
    run: { run: "hook_1", label: null, lane: "upload" },
    delivery: { id: "hook:1", chunk: 0, hash: "h" },
    images: [{ id: "u", keys: [key("u")], order: null, sourceEtag: null }],
    force: true,
  });
  say("finishDelivery", {
    delivery: { id: "warm:1", chunks: 1, hash: "h" },
    run: "run_1",
    who: WHO,
    summary: { accepted: 20 },
  });
  say("finishDelivery", {
    delivery: { id: "hook:0", chunks: 0, hash: "h" },
    run: null,
    who: "hook uploads",
    summary: {},
  });
  say("findDelivery", "warm:1");
  say("findDelivery", "warm:none");
  say("recordDead", [{ queue: "prewarm-live", id: "m1", body: "{}", reason: "unreadable", at: T0 }]);
}

/** A worker's shift with each outcome there is, and a viewer's call. */
function handlers(
  exchange: (owner: string, said: Partial<Parameters<LedgerCalls["exchange"]>[0]>) => { id: number; gen: number }[],
  engine: DirectLedger,
  clock: { ms: number },
): void {
  const standby = exchange("w", { first: true });
  const have = standby.map(({ id, gen }) => ({ id, gen, phase: "ready" as const }));
  const gone = exchange("w", { have });
  clock.ms += 1_000;
  gone.push(...exchange("w", { have }).filter(({ id }) => !gone.some((one) => one.id === id)));
  const submitted = gone.slice(0, 4).map(({ id, gen }) => ({ id, gen, job: `job_${gen}` }));
  exchange("w", { submitted });
  const sight = {
    status: "done" as const,
    said: "succeeded",
    known: true,
    output: "https://o.example/1",
    error: null,
    metadata: { gen: "1" },
    input: "i",
    createdAt: 1,
    finishedAt: 2,
  };
  engine.transactions.write((tx) =>
    observe(tx, { ...NOTHING, ended: submitted.map(({ job }) => ({ id: job, ...sight })) }),
  );
  exchange("w", { have: submitted.map(({ id, gen }) => ({ id, gen, phase: "watch" as const })) });
  const failure = { code: "upstream_failed", message: "it failed", httpStatus: 500, kind: "internal" };
  const outcomes = [
    { kind: "stored" as const, bytes: 9, tookMs: 5 },
    { kind: "present" as const, objectGen: Number.MAX_SAFE_INTEGER, bytes: 9, posted: true },
    { kind: "pending" as const, due: clock.ms + 5_000 },
    { kind: "stopped" as const },
    { kind: "failed" as const, class: "transient" as const, failure, external: "ended" as const },
    { kind: "failed" as const, class: "permanent" as const, failure, external: "ended" as const },
    { kind: "refused" as const, code: "missing" as const, until: clock.ms + 60_000, message: "404" },
    { kind: "unclear" as const, failure },
    { kind: "fault" as const, failure },
    { kind: "unposted" as const },
    { kind: "throttled" as const, until: clock.ms + 1_000 },
    { kind: "account" as const, status: 402, message: "billing" },
  ];
  const settled = gone.slice(0, outcomes.length).flatMap(({ id, gen }, at) => {
    const outcome = outcomes[at];
    return outcome === undefined ? [] : [{ id, gen, outcome }];
  });
  exchange("w", { settled, leave: true });
  exchange("w", {});
  clock.ms += 60_000;
  exchange("v", { first: true, role: "urgent", room: 0, asks: [{ key: key("viewed"), at: clock.ms }] });
}

function operators(say: Say, sql: ReturnType<typeof nodeSql>): void {
  const page = { limit: 5 };
  const first = { ...page, cursor: null };
  say("lookUp", [key("a"), key("b"), key("none")]);
  say("getRun", { run: "run_1" });
  say("getRun", { run: "none" });
  say("listRejected", { ...page, run: "run_1" });
  say("listOrdered", { run: "run_1", cursor: null, until: Number.MAX_SAFE_INTEGER });
  say("listCauses", { windowMs: null, run: null });
  say("listCosts", { by: "folder", from: 0, to: Date.UTC(2027, 0), sort: "cost", skip: 0, limit: 5 });
  say("about");
  const note = {
    run: null,
    accepted: 0,
    duplicates: 0,
    existing: 0,
    purged: 0,
    ignored: 0,
    rejected: 0,
    images: [],
  };
  say("noteDeliveries", [{ hook: "uploads", verdict: "refused", why: "unauthorized", n: 2, ...note }]);
  say("countRefusals", [{ hook: "unknown", verdict: "refused", why: "unauthorized", n: 2, ...note }]);
  say("listDeliveries");
  say("listEvents", first);
  say("testEvent", WHO);
  say("promoteRun", "none", true, WHO);
  for (const states of [["dead"], ["queued"], ["retrying"], ["refused"], []] as const)
    say("listJobs", { ...first, filter: { ...ANY_JOB, states: [...states] } });
  const jobs = say("listJobs", { ...first, filter: ANY_JOB }).jobs;
  const dead = say("listJobs", { ...first, filter: { ...ANY_JOB, states: ["dead"] } });
  say("getJob", dead.jobs[0]?.job ?? "");
  say("imageRows", "a", [key("a")]);
  say("listOrders", { id: "a" });
  say("stats");
  say("getGate");
  say("countMatches", ANY_JOB);
  const action = say("createAction", {
    kind: "retry",
    filter: {},
    match: { ...ANY_JOB, states: ["dead"] },
    rate: 1,
    who: WHO,
  });
  const name = action !== null && "action" in action ? action.action : "";
  say("getAction", { action: name });
  say("cancelAction", name, WHO);
  say("retryJob", dead.jobs[0]?.job ?? "", WHO);
  say("cancelJob", jobs.find(({ state }) => state === "queued")?.job ?? "", WHO);
  say("cancelJob", "none", WHO);
  say(
    "patchGate",
    {
      paused: { bulk: true },
      breaker: { state: "closed" },
      rate: { perSecond: 5, burst: 2 },
      concurrency: "auto",
      budget: { monthlyJobs: 100, warmingShare: 0.5, alertLevels: [0.5] },
    },
    WHO,
  );
  say("acknowledge", "paused.bulk", null, WHO);
  say("takeBack", "paused.bulk", WHO);
  say("setFocal", "h", [0.25, 0.5], WHO);
  say("removeImage", ["r"], "asked", WHO);
  say("unblockImage", ["r"], WHO);
  say("purgeImage", "j", "9", WHO);
  say("purgeImage", "i", "0", WHO);
  const many = { action: "of many", kind: "remove" as const, also: [], label: null, reason: "asked" };
  say("actOnImages", { ...many, ids: ["k", "l"], from: 0 }, WHO);
  say("getImageAction", { action: "of many" });
  say("edgesTold");
  say("cancelRun", "run_1", WHO);
  say("listAudit", { ...page, limit: 50 });
  say("keepReport", "shop", leastValue(CoverageReport), WHO);
  ofPlainReads((name, given) => say(name, given));
  say("isSessionOver", "s");
  say("endSession", "s", T0 + 86_400_000);
  if (sql.exec("SELECT 1 FROM audit").length === 0) throw new Error("nothing was audited");
}

function upkeep(say: Say, clock: { ms: number }): void {
  say("doctorFrom");
  const page = { from: "", to: null, at: clock.ms, objects: [{ key: key("i"), gen: 1 }], markers: [key("i")] };
  const { locks } = say("doctorSlice", { page, fix: true, keep: true, who: "doctor" });
  say("doctorDone", locks);
  say("noteExport", WHO);
  const removals = say("exportSlice", null);
  const points = say("exportSlice", removals.next);
  say("exportSlice", points.next);
  say("findBookmark", { at: clock.ms });
  say("restoreTo", { at: clock.ms });
  say("rearm");
  say("restored", WHO, {}, null);
  say("recover");
}
