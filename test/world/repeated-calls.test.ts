import { CoverageReport } from "@prewarm/control-schema/coverage";
import { leastValue } from "@prewarm/control-schema/testing/least-value";
import { nameOf, placeOf, type SqlRow } from "@prewarm/durable-queue";
import { jobOfKey } from "@prewarm/shared/variant-key";
import { describe, expect, it } from "vitest";
import { ANY_JOB } from "../../workers/consumer/src/console/calls.ts";
import type { SliceRequest } from "../../workers/consumer/src/images/calls.ts";
import type { LedgerCalls, OWN_CALLS } from "../../workers/consumer/src/ledger/ledger-for.ts";
import { chunkOf } from "../../workers/consumer/src/ledger/testing/chunk-of.ts";
import { CALLS } from "../../workers/consumer/src/ledger/testing/direct-calls.ts";
import type { WRITES } from "../../workers/consumer/src/ledger/writes.ts";
import { CalmWorld } from "./calm-world.ts";
import type { Copy } from "./virtual-object.ts";

const WHO = "test";
const LEDGER_ID = "L1";
const key = (width: number) => `a/${width}-high.webp`;
const jobOf = (width: number) => nameOf(placeOf(jobOfKey(key(width)), LEDGER_ID));
const NOTHING = { have: [], asks: [], submitted: [], settled: [], leave: false };
const HANDLER = { owner: "o1", first: true, seq: 1, role: "work" as const, room: 1, ...NOTHING };
const NOTE = { hook: "uploads", verdict: "accepted" as const, why: null, n: 1, run: null };
const COUNTS = { accepted: 1, duplicates: 0, existing: 0, purged: 0, ignored: 0, rejected: 0, images: [] };

/** The calls that change something, and that a caller repeats. */
type WritingCall = Repeated<{ [K in keyof typeof WRITES]: (typeof WRITES)[K]["repeat"] } & typeof OWN_CALLS>;
type Repeated<T> = { [K in keyof T]: T[K] extends "read" | "once" ? never : K }[keyof T];

/** What stands when the call is made: a run of five jobs, of which one is cancelled and one is at Ittybit, in the hands of `o1`. */
interface Scene {
  ledger: LedgerCalls;
  sleep(ms: number): Promise<void>;
  now: number;
  hand: { id: number; gen: number };
}

/** The arguments of one call that changes something, for each call of the ledger that writes; what the call needs is done first. */
const PLAYED: { [K in WritingCall]: (scene: Scene) => Promise<Parameters<LedgerCalls[K]>> } = {
  exchange: async ({ hand, now }) => {
    const said = {
      submitted: [{ ...hand, job: "job_1" }],
      settled: [{ ...hand, outcome: { kind: "stored", bytes: 9, tookMs: 5 } as const }],
      asks: [{ key: "b/400-high.webp", at: now }],
      opaquePngs: [{ key: "c/400-high.jpeg", gen: 1, run: null }],
    };
    return [{ ...HANDLER, first: false, seq: 3, room: 2, ...said }];
  },
  recordDead: async ({ now }) => [[{ queue: "prewarm-live", id: "m1", body: "{}", reason: "unreadable", at: now }]],
  acceptChunk: async () => {
    const chunk = chunkOf({ run: "r2", lane: "upload", keys: [key(400), "c/400-high.webp"] }, delivery("d2"));
    return [{ ...chunk, finish: { hash: "h" }, note: { ...NOTE, ...COUNTS } }];
  },
  finishDelivery: async ({ ledger }) => {
    await ledger.acceptChunk(chunkOf({ run: "r2", keys: ["c/400-high.webp"] }, delivery("d2")));
    return [{ delivery: { id: "d2", chunks: 1, hash: "h" }, run: "r2", who: WHO, summary: { accepted: 1 } }];
  },
  purgeImage: async () => ["a", "2", WHO],
  setFocal: async () => ["a", [0.25, 0.75], WHO],
  removeImage: async () => [["a"], "asked", WHO],
  actOnImages: async () => [
    { action: "case-812", kind: "remove", ids: ["a"], also: ["b"], from: 0, label: null, reason: "asked" },
    WHO,
  ],
  unblockImage: async ({ ledger }) => {
    await ledger.removeImage(["a"], "asked", WHO);
    return [["a"], WHO];
  },
  noteDeliveries: async () => [
    [
      { ...NOTE, ...COUNTS },
      { ...NOTE, ...COUNTS, verdict: "refused", why: "unauthorized" },
    ],
  ],
  testEvent: async () => [WHO],
  cancelRun: async () => ["bulk", WHO],
  promoteRun: async () => ["bulk", true, WHO],
  retryJob: async () => [jobOf(800), WHO],
  cancelJob: async () => [jobOf(1000), WHO],
  createAction: async () => [{ kind: "cancel", filter: {}, match: ANY_JOB, rate: 1, who: WHO }],
  cancelAction: async ({ ledger }) => {
    const made = await ledger.createAction({ kind: "cancel", filter: {}, match: ANY_JOB, rate: 1, who: WHO });
    return [made !== null && "action" in made ? made.action : "", WHO];
  },
  patchGate: async () => [
    { paused: { upload: { reason: "tonight" } }, concurrency: 7, breaker: { state: "closed" } },
    WHO,
  ],
  acknowledge: async (scene) => ["paused.bulk", null, await pausedBy(scene)],
  takeBack: async (scene) => {
    await scene.ledger.acknowledge("paused.bulk", null, await pausedBy(scene));
    return ["paused.bulk", WHO];
  },
  keepReport: async () => ["shop", leastValue(CoverageReport), WHO],
  endSession: async ({ now }) => ["session", now + 86_400_000],
  doctorSlice: async (scene) => [await sliceWithStale(scene)],
  doctorDone: async (scene) => [(await scene.ledger.doctorSlice(await sliceWithStale(scene))).locks],
  rearm: async () => [],
  recover: async () => [],
  restored: async () => [WHO, { bookmark: "b" }, null],
  noteExport: async () => [WHO],
  restoreTo: async () => [{ bookmark: "b" }],
};

/** The lane bulk is paused, which is a trouble. */
async function pausedBy({ ledger }: Scene): Promise<string> {
  await ledger.patchGate({ paused: { bulk: true } }, WHO);
  return WHO;
}

/** A page of the store with an object from before its image was purged. */
async function sliceWithStale({ ledger, sleep, now }: Scene): Promise<SliceRequest> {
  await ledger.purgeImage("old", null, WHO);
  // The purge has looked by then, and the image is no longer locked.
  await sleep(1_000);
  // Asked long after this instance began, so that it knows of all that was stored meanwhile.
  const page = { from: "", to: null, at: now + 60_000, objects: [{ key: "old/400-high.webp", gen: 1 }], markers: [] };
  return { page, fix: true, keep: true, who: "doctor" };
}

const delivery = (id: string) => ({ id, chunk: 0, hash: "h" });

interface Heard {
  before: Copy;
  after: Copy;
  answer: unknown;
}

/** Plays one call whose connection drops after it was heard, or does not; `resets`: as the object is reset. */
async function play(call: WritingCall, { drops, resets }: { drops: boolean; resets: boolean }) {
  let lost: "drop" | null = null;
  const heard: Heard[] = [];
  let isWatched = false;
  const world: CalmWorld = new CalmWorld({
    workers: 0,
    config: {
      events: [{ url: "https://events.example.com/hook", secrets: ["EVENTS"] }],
    },
    weather: {
      wire: () => {
        const hop = { ms: 1, backMs: 1, lost };
        lost = null;
        return hop;
      },
    },
    watcher: {
      hear: async (name, _args, work) => {
        if (!isWatched || name !== call) return work();
        const before = world.object.copy();
        const answer = await work();
        heard.push({ before, after: world.object.copy(), answer });
        if (resets && heard.length === 1) world.clock.after(5, () => world.object.evict());
        return answer;
      },
    },
  });
  const { ledger, clock } = world;
  await world.accept("bulk", { a: [400, 600, 800, 1000, 1200].map(key) });
  const scene = await clock.until(prepare(world));
  const args = await clock.until(PLAYED[call](scene) as Promise<unknown[]>);
  isWatched = true;
  if (drops) lost = "drop";
  const answer = await clock.until((ledger[call] as (...args: unknown[]) => Promise<unknown>)(...args));
  isWatched = false;
  const deliveries = (await clock.until(ledger.listDeliveries())).map((delivery) => ({ ...delivery, at: null }));
  const { violations } = world;
  world.close();
  return { answer, heard, shown: { deliveries }, violations };
}

async function prepare({ ledger, clock }: CalmWorld): Promise<Scene> {
  await ledger.cancelJob(jobOf(800), WHO);
  const first = await ledger.exchange(HANDLER);
  const [given] = first.status === "ok" ? first.give : [];
  if (given === undefined) throw new Error("nothing was given");
  const hand = { id: given.id, gen: given.gen };
  await ledger.exchange({ ...HANDLER, first: false, seq: 2, room: 0, have: [{ ...hand, phase: "ready" }] });
  return { ledger, sleep: (ms) => clock.sleep(ms), now: clock.now(), hand };
}

const withoutMinutes = ({ minutes, ...others }: { minutes?: object }) => others;

/** What a repeat may change: the lease, and the measurement that the cron's call takes again. */
const MAY_CHANGE: Partial<Record<WritingCall, [table: string, (row: SqlRow) => SqlRow]>> = {
  exchange: ["owners", (row) => ({ ...row, lease_until: null })],
  rearm: [
    "docs",
    (row) => (row.name === "statistics" ? { body: JSON.stringify(withoutMinutes(JSON.parse(String(row.body)))) } : row),
  ],
};

function rowsOf(copy: Copy | undefined, call: WritingCall): Record<string, SqlRow[]> {
  const tables = Object.fromEntries(copy ?? []);
  const [table = "", change] = MAY_CHANGE[call] ?? [];
  if (change !== undefined) tables[table] = (tables[table] ?? []).map(change);
  return tables;
}

const WRITING = Object.entries(CALLS).flatMap(([call, kind]) =>
  kind === "read" || kind === "once" ? [] : [call as WritingCall],
);

describe.each(["drops", "drops because the object is reset"] as const)(
  "a call that is heard before its connection %s",
  (how) => {
    const resets = how !== "drops";

    it.each(WRITING)("%s: the caller asks again, and the state is that of one call", async (call) => {
      const once = await play(call, { drops: false, resets: false });
      const twice = await play(call, { drops: true, resets });
      expect([once.heard.length, twice.heard.length]).toEqual([1, 2]);
      expect(rowsOf(twice.heard[1]?.after, call)).toEqual(rowsOf(twice.heard[1]?.before, call));
      if (CALLS[call] === "id") expect(twice.answer).toEqual(twice.heard[0]?.answer);
      expect(twice.shown).toEqual(once.shown);
      expect(twice.violations).toEqual([]);
    });
  },
);

/** One changes a measurement; `restoreTo` finds no bookmarks here and has a test beside the API. */
const WITHOUT_ROWS: readonly WritingCall[] = ["rearm", "restoreTo"];

it.each(WRITING.filter((call) => !WITHOUT_ROWS.includes(call)))("%s changes rows the first time", async (call) => {
  const { heard } = await play(call, { drops: false, resets: false });
  expect(rowsOf(heard[0]?.after, call)).not.toEqual(rowsOf(heard[0]?.before, call));
});
