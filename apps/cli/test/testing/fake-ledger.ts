import { Action } from "@prewarm/control-schema/actions";
import { Image, Variant } from "@prewarm/control-schema/images";
import { Job } from "@prewarm/control-schema/jobs";
import { Run } from "@prewarm/control-schema/runs";
import { Stats } from "@prewarm/control-schema/stats";
import {
  type Answers,
  type Asked,
  type FakeControlApi,
  type Received,
  startFakeControlApi,
} from "@prewarm/control-schema/testing/fake-control-api";
import { leastValue } from "@prewarm/control-schema/testing/least-value";
import { DryRun, type Rejection, WarmAnswer, type WarmItem } from "@prewarm/control-schema/warm";
import { AFTER, type JobState } from "@prewarm/control-schema/words";
import { ApiError } from "@prewarm/shared/api-errors";
import type * as z from "zod";

/*
 * A control API that keeps runs, keys and jobs in memory, and refuses a wrong token and a key that was used with another body. Each image has
 * two variants.
 */

interface FakeRun {
  run: string;
  label: string | null;
  keys: Set<string>;
  accepted: number;
  cancelled: boolean;
}

interface Kept {
  /** Variants with a job, with the number of times each was accepted: more than once is a double. */
  jobs: Map<string, number>;
  runs: Map<string, FakeRun>;
  /** State of a run's variants when asked; default: all stored. */
  stateOf: (key: string) => JobState;
  /** Variants of each run that were found in the store; default: none. */
  existing: number;
  /** Keys that R2 holds of an image; default: what was accepted of it, when it is asked. */
  storedOf: (id: string) => readonly string[];
  /** The version that was announced of an image; default: none. */
  versionOf: (id: string) => string | null;
}
export type FakeLedger = FakeControlApi & Kept;

export const TOKEN = "test-token";

export async function startFakeLedger(): Promise<FakeLedger> {
  const kept: Kept = {
    jobs: new Map(),
    runs: new Map(),
    stateOf: () => "stored",
    existing: 0,
    versionOf: () => null,
    storedOf: (id) => [...kept.jobs.keys()].filter((key) => key.startsWith(`${id}?`)).map(storedKey),
  };
  const api = Object.assign(await startFakeControlApi({ guard: refuseOtherTokens }), kept);
  api.answers = answersOf(api);
  return api;
}

function refuseOtherTokens({ path, headers }: Received): void {
  const isTokenNeeded = !path.startsWith("/hooks/");
  if (isTokenNeeded && headers.authorization !== `Bearer ${TOKEN}`) throw new ApiError("unauthorized");
}

function answersOf(ledger: FakeLedger): Answers {
  const answered = new Map<string, { text: string; answer: z.infer<typeof WarmAnswer> }>();
  return {
    "POST /api/v1/warm": (asked) => {
      const [key, text] = [asked.request.headers["idempotency-key"], asked.request.body];
      if (asked.query.dryRun) return dryRun(ledger, asked.body.items);
      const known = answered.get(String(key));
      if (known !== undefined && known.text !== text) throw new ApiError("idempotency_mismatch");
      const answer = known?.answer ?? warm(ledger, asked);
      if (key !== undefined) answered.set(String(key), { text, answer });
      return answer;
    },
    "GET /api/v1/runs": () => {
      return { runs: [...ledger.runs.values()].map((run) => viewOf(ledger, run)), nextCursor: null };
    },
    "GET /api/v1/runs/{run}": ({ params }) => viewOf(ledger, runOf(ledger, params.run)),
    "DELETE /api/v1/runs/{run}": ({ params }) => {
      const run = runOf(ledger, params.run);
      run.cancelled = true;
      return viewOf(ledger, run);
    },
    "GET /api/v1/jobs": ({ query: { limit, cursor } }) => {
      const all = [...ledger.jobs.keys()].map((key, index) => jobOf(ledger, key, index));
      const { rows: jobs, nextCursor } = pageOf(all, limit, cursor?.split("-")[1]);
      return { jobs, nextCursor: nextCursor === null ? null : `0-${nextCursor}---` };
    },
    "GET /api/v1/images/{id}": ({ params: { id }, query }) => {
      const { rows, nextCursor } = pageOf(ledger.storedOf(id), 2, query.cursor?.slice(AFTER.length));
      const stored = { ...leastValue(Variant), state: "stored" as const, width: 10_000, height: 10_000 };
      const variants = rows.map((key) => ({ ...stored, key }));
      return {
        ...leastValue(Image),
        id,
        v: ledger.versionOf(id),
        variants,
        nextCursor: nextCursor === null ? null : AFTER + nextCursor,
      };
    },
    "GET /api/v1/stats": () => statsWithABudget(),
    "POST /api/v1/actions": ({ body: { action: kind, dryRun } }) => {
      const total = deadOf(ledger);
      if (dryRun) return { dryRun: true, kind, total, exact: true, at: 0 };
      return { ...leastValue(Action), action: "act_1", kind, state: "running", total };
    },
    "GET /api/v1/actions/{action}": ({ params }): Action => {
      const total = deadOf(ledger);
      return { ...leastValue(Action), action: params.action, state: "done", total, done: total };
    },
  };
}

function warm(ledger: FakeLedger, { query, body }: Asked<"POST /api/v1/warm">): z.infer<typeof WarmAnswer> {
  const id = query.run ?? `run_${ledger.runs.size}`;
  const label = body.label ?? null;
  const run = ledger.runs.get(id) ?? { run: id, label, keys: new Set(), accepted: 0, cancelled: false };
  ledger.runs.set(id, run);
  const { keys, rejected } = sorted(body.items);
  const isNew = keys.map((key) => {
    const times = ledger.jobs.get(key) ?? 0;
    ledger.jobs.set(key, times + 1);
    run.keys.add(key);
    return times === 0;
  });
  const accepted = isNew.filter(Boolean).length;
  run.accepted += accepted;
  const refused = { rejected, rejectedTotal: rejected.length };
  return { ...leastValue(WarmAnswer), run: id, accepted, duplicates: keys.length - accepted, ...refused };
}

function dryRun(ledger: FakeLedger, items: WarmItem[]): DryRun {
  const { keys, rejected } = sorted(items);
  const existing = keys.filter((key) => ledger.jobs.has(key)).length;
  const made = { jobs: keys.length - existing, downloadBytes: items.length * 1_000 };
  const counts = { images: items.length, variants: keys.length, existing, ...made };
  const refused = { rejected, rejectedTotal: rejected.length };
  return { ...leastValue(DryRun), ...counts, ...refused, exact: true, price: "unknown" };
}

/** The variants of items, and the items that are refused by their ids. */
function sorted(items: WarmItem[]): { keys: string[]; rejected: Rejection[] } {
  const refusal = ({ id }: WarmItem): Omit<Rejection, "index"> | null => {
    if (id.startsWith("refused"))
      return { id, code: "source_unknown", message: "No configured source holds this image." };
    if (!id.endsWith(".svg")) return null;
    return { id, code: "media_type_unsupported", message: "Originals with this extension are passed through." };
  };
  const rejected = items.flatMap((item, index) => {
    const why = refusal(item);
    return why === null ? [] : [{ index, ...why }];
  });
  const taken = items.filter((item) => refusal(item) === null);
  const transforms = ["w=400&f=webp", "w=800&f=webp"];
  return { keys: taken.flatMap((item) => (item.transforms ?? transforms).map((one) => `${item.id}?${one}`)), rejected };
}

function runOf(ledger: FakeLedger, id: string): FakeRun {
  const run = ledger.runs.get(id);
  if (run === undefined) throw new ApiError("not_found", { detail: "There is no such run." });
  return run;
}

function viewOf(ledger: FakeLedger, { run, label, keys, accepted, cancelled }: FakeRun): Run {
  const least = leastValue(Run);
  const states = { ...least.states };
  for (const key of keys) states[ledger.stateOf(key)] += 1;
  const done = states.stored + states.dead + states.cancelled;
  const state = cancelled ? "cancelled" : done === keys.size ? "done" : "running";
  const counts = { total: keys.size, done, states, accepted, existing: ledger.existing };
  return { ...least, run, label, lane: "bulk", state, ...counts, pace: { ...least.pace, perSecond: 3.5 } };
}

function pageOf<T>(all: readonly T[], limit: number, cursor = "0") {
  const end = Number(cursor) + limit;
  return { rows: all.slice(Number(cursor), end), nextCursor: end < all.length ? String(end) : null };
}

function jobOf(ledger: FakeLedger, key: string, index: number): Job {
  const state = ledger.stateOf(key);
  const error = state === "dead" ? { code: "upstream_failed", message: "It failed." } : null;
  const job = index.toString(36).padStart(11, "0");
  return { ...leastValue(Job), job, key, state, lane: "bulk", attempts: 1, error };
}

const deadOf = ({ jobs, stateOf }: FakeLedger): number =>
  [...jobs.keys()].filter((key) => stateOf(key) === "dead").length;

/** Of 100 jobs a month, warming may still use 3. */
function statsWithABudget(): Stats {
  const least = leastValue(Stats);
  return {
    ...least,
    health: { level: "ok", sentence: "Healthy: nothing waits.", since: null },
    gate: { ...least.gate, rate: { perSecond: 20, burst: 20 } },
    budget: { ...least.budget, monthlyJobs: 100, warmingShare: 0.8, left: { live: 50, warming: 3 } },
  };
}

/** `a?w=400&q=high&f=webp` as R2 names it: `a/400-high.webp`. */
function storedKey(job: string): string {
  const [id = "", query = ""] = job.split("?");
  const { w, q = "high", f } = Object.fromEntries(new URLSearchParams(query));
  return `${encodeURIComponent(id)}/${w}-${q}.${f}`;
}
