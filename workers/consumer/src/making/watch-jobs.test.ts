import { describe, expect, it } from "vitest";
import type { Claim } from "../ledger/contract.ts";
import { batchWorld, message, wakeUp } from "../testing/batch-world.ts";

const KEY = "photo/400-high.webp";

function resumeClaim(upstream: string, submittedAt: number, more: object = {}): Claim {
  return { do: "resume", gen: 7, floor: 0, ittybitJob: upstream, submittedAt, attempts: 0, ...more };
}

function order(world: ReturnType<typeof batchWorld>, n: number) {
  return world.ittybit.submit({
    input: "https://cdn.example.com/originals/photo",
    options: { width: 400, format: "webp", quality: "high" },
    idempotencyKey: `before-${n}`,
    metadata: { ledger: "L1", gen: "7", width: "400", height: "200" },
  });
}

describe("waiting", () => {
  it.each<[string, { live: boolean; backlogCount?: number; open: number; liveWaiting: number; jobMs: number }, string]>(
    [
      ["a viewer's job of 3 s is waited for", { live: true, open: 500, liveWaiting: 0, jobMs: 3_000 }, "stored"],
      ["a viewer's job of 6 s is handed over", { live: true, open: 1, liveWaiting: 0, jobMs: 6_000 }, "pending"],
      [
        "nobody waits while viewers queue up behind",
        { live: true, backlogCount: 9, open: 1, liveWaiting: 0, jobMs: 3_000 },
        "pending",
      ],
      ["nobody waits while live rows wait", { live: true, open: 1, liveWaiting: 2, jobMs: 3_000 }, "pending"],
      ["an upload's job of 15 s is waited for", { live: false, open: 100, liveWaiting: 0, jobMs: 15_000 }, "stored"],
      ["an upload's job of 30 s is handed over", { live: false, open: 1, liveWaiting: 0, jobMs: 30_000 }, "pending"],
      [
        "with more than 100 open jobs all is handed over at once",
        { live: false, open: 101, liveWaiting: 0, jobMs: 500 },
        "pending",
      ],
    ],
  )("%s", async (_name, { live, backlogCount, open, liveWaiting, jobMs }, expected) => {
    const { consume, ledger, ittybit, clock } = batchWorld();
    Object.assign(ledger.answer, { open, liveWaiting });
    ittybit.plan = () => ({ ms: jobMs });
    const start = clock.now();
    const metrics = backlogCount === undefined ? {} : { backlogCount };
    await consume([message(wakeUp([KEY], live ? "live" : "upload"))], metrics);
    expect(ledger.outcomes.get(KEY)?.kind).toBe(expected);
    expect(clock.now() - start).toBeLessThanOrEqual(live ? 4_500 : 25_000);
  });

  it("hands over jobs that nobody could look at yet, to be looked at should the collector not see their end", async () => {
    const { consume, ledger, ittybit, clock } = batchWorld();
    Object.assign(ledger.answer, { open: 1000, firstLookMs: 2_100 });
    const start = clock.now();
    await consume([message(wakeUp([KEY]))]);
    expect(ledger.outcomes.get(KEY)).toEqual({ kind: "pending", due: start + 2_100 + 5_000 });
    expect(ittybit.calls).toHaveLength(1);
  });

  it("first looks at the learned median, and sees many jobs with one page", async () => {
    const { consume, ledger, ittybit } = batchWorld();
    ledger.answer.firstLookMs = 2_000;
    ittybit.plan = () => ({ ms: 1_900 });
    await consume([message(wakeUp(Array.from({ length: 20 }, (_, index) => `photo/${100 + index}-high.webp`)))]);
    expect(ittybit.calls.filter((call) => !call.startsWith("submit"))).toEqual(["list"]);
  });

  it("looks at a single job with a single read", async () => {
    const { consume, ittybit } = batchWorld();
    await consume([message(wakeUp([KEY]))]);
    expect(ittybit.calls).toEqual(["submit pw-L1-1001", "get job_000001"]);
  });

  it("renews its lease when 20 s of it are gone", async () => {
    const { consume, ledger, clock, deps } = batchWorld();
    deps.at = async (point) => {
      if (point === "submitted") clock.advance(21_000);
    };
    await consume([message(wakeUp([KEY]))]);
    expect(ledger.calls).toEqual(["claim", "submitted", "renew", "settle"]);
    expect(ledger.outcomes.get(KEY)?.kind).toBe("stored");
  });
});

describe("resuming", () => {
  it("looks at once, fetches and stores without submitting anything", async () => {
    const world = batchWorld();
    const { consume, ledger, ittybit, clock } = world;
    await order(world, 1);
    clock.advance(60_000);
    ledger.claims.set(KEY, resumeClaim("job_000001", clock.now() - 60_000));
    ledger.answer.open = 5_000;
    await consume([message(wakeUp([KEY]))]);
    expect(ledger.outcomes.get(KEY)).toMatchObject({ kind: "stored", gen: 7, tookMs: 300 });
    expect(ittybit.calls.slice(1)).toEqual(["get job_000001"]);
  });

  it("reads what pages do not show by single reads", async () => {
    const world = batchWorld();
    const { consume, ledger, ittybit, clock } = world;
    for (let n = 1; n <= 250; n += 1) await order(world, n);
    clock.advance(60_000);
    const keys = ["job_000001", "job_000250"].map((job, at) => {
      const key = `photo/${400 + at}-high.webp`;
      ledger.claims.set(key, resumeClaim(job, clock.now() - 60_000));
      return key;
    });
    ittybit.calls.length = 0;
    await consume([message(wakeUp(keys))]);
    expect(ittybit.calls).toEqual(["list", "get job_000001"]);
  });

  it("tells the ledger of others' ended jobs, once", async () => {
    const world = batchWorld();
    const { consume, ledger, ittybit } = world;
    for (let n = 1; n <= 3; n += 1) await order(world, n);
    ledger.answer.open = 5;
    ittybit.plan = () => ({ ms: 5_000 });
    await consume([message(wakeUp([KEY, "photo/800-high.webp"]))]);
    expect(ledger.ended).toEqual(["job_000003", "job_000002", "job_000001"]);
  });

  it("takes a job that Ittybit has lost for failed, but gives a fresh one time to appear", async () => {
    const { consume, ledger, clock } = batchWorld();
    ledger.claims.set(KEY, resumeClaim("job_gone", clock.now() - 31_000));
    await consume([message(wakeUp([KEY]))]);
    expect(ledger.outcomes.get(KEY)).toMatchObject({ kind: "failed", class: "transient", ended: true });
    ledger.claims.set(KEY, resumeClaim("job_gone", clock.now()));
    ledger.answer.open = 1_000;
    await consume([message(wakeUp([KEY]))]);
    expect(ledger.outcomes.get(KEY)).toMatchObject({ kind: "pending" });
  });

  it("stops looking when Ittybit asks for a pause, and hands over until then", async () => {
    const { consume, ledger, ittybit, clock } = batchWorld();
    ittybit.blind = () => ({ kind: "throttled", retryAfterMs: 90_000 });
    await consume([message(wakeUp([KEY]))]);
    const outcome = ledger.outcomes.get(KEY);
    expect(outcome).toEqual({ kind: "pending", due: clock.now() + 90_000 });
    expect(ittybit.calls).toHaveLength(2);
  });

  it("keeps looking through failures that pass", async () => {
    const { consume, ledger, ittybit } = batchWorld();
    let bad = 2;
    const failure = { code: "upstream_unavailable", message: "HTTP 502", httpStatus: 502 };
    ittybit.blind = () => (bad-- > 0 ? { kind: "unclear", failure } : null);
    await consume([message(wakeUp([KEY]))]);
    expect(ledger.outcomes.get(KEY)?.kind).toBe("stored");
  });
});
