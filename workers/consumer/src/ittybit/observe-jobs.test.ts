import { describe, expect, it } from "vitest";
import { createFakeClock } from "../testing/fake-clock.ts";
import { createFakeIttybit } from "../testing/fake-ittybit.ts";
import { collectEnded, type Effort } from "./observe-jobs.ts";

async function setup(count: number) {
  const clock = createFakeClock();
  const ittybit = createFakeIttybit(clock);
  const open: { ittybitJob: string; submittedAt: number }[] = [];
  for (let n = 0; n < count; n += 1) {
    clock.advance(10);
    const order = { input: "https://a/b", options: { format: "webp", quality: "high" } as const, metadata: {} };
    const made = await ittybit.submit({ ...order, idempotencyKey: `k${n}` });
    if (made.kind === "made") open.push({ ittybitJob: made.job.id, submittedAt: clock.now() });
  }
  ittybit.calls.length = 0;
  const ended: string[] = [];
  const logs: string[] = [];
  const observeEnded = async (jobs: string[]) => void ended.push(...jobs);
  const deps = { ittybit, clock, log: (event: string) => void logs.push(event) };
  const collect = (some: typeof open, effort?: Effort) => collectEnded(some, observeEnded, deps, effort);
  return { clock, ittybit, open, ended, deps, collect, logs };
}

describe("collectEnded", () => {
  it("sees 250 jobs with three calls", async () => {
    const { clock, ittybit, open, ended, collect } = await setup(250);
    clock.advance(1_000);
    expect(await collect(open)).toEqual({ ended: 250, calls: 3, notBefore: null });
    expect(ended.toSorted()).toEqual(open.map(({ ittybitJob }) => ittybitJob));
    expect(ittybit.calls).toEqual(["list", "list", "list"]);
  });

  it("reports ended jobs only", async () => {
    const { open, ended, collect, ittybit, clock } = await setup(0);
    ittybit.plan = (order) => ({ ms: order.metadata.slow === "1" ? 60_000 : 100 });
    for (const slow of ["0", "1", "0"]) {
      const order = { input: "https://a/b", options: { format: "webp", quality: "high" } as const, metadata: { slow } };
      const made = await ittybit.submit({ ...order, idempotencyKey: `s${ittybit.jobs.length}` });
      if (made.kind === "made") open.push({ ittybitJob: made.job.id, submittedAt: clock.now() });
    }
    clock.advance(1_000);
    await collect(open);
    expect(ended).toEqual(["job_000003", "job_000001"]);
  });

  it("reports recent ended jobs that are nobody's any more: they may hold a slot", async () => {
    const { clock, open, ended, collect } = await setup(4);
    clock.advance(1_000);
    await collect(open.slice(2));
    expect(ended).toEqual(["job_000004", "job_000003", "job_000002", "job_000001"]);
  });

  it("keeps up by single reads where there is no list", async () => {
    const { clock, ittybit, open, ended, collect } = await setup(250);
    ittybit.lists = false;
    clock.advance(20_000);
    expect(await collect(open)).toEqual({ ended: 100, calls: 101, notBefore: null });
    await collect(open.slice(100));
    await collect(open.slice(200));
    expect(new Set(ended).size).toBe(250);
  });

  it("stops paging once past the oldest open job", async () => {
    const { clock, ittybit, open, collect } = await setup(500);
    clock.advance(120_000);
    const made = await ittybit.submit({
      input: "https://a/b",
      options: { format: "webp", quality: "high" },
      idempotencyKey: "late",
      metadata: {},
    });
    const late =
      made.kind === "made"
        ? [
            { ittybitJob: made.job.id, submittedAt: clock.now() },
            { ittybitJob: "job_lost", submittedAt: clock.now() },
          ]
        : open;
    ittybit.calls.length = 0;
    await collect(late);
    expect(ittybit.calls).toEqual(["list"]);
  });

  it("asks for what no page shows by itself, oldest first and few at a time; a lost job has ended", async () => {
    const { clock, ittybit, collect, ended } = await setup(150);
    clock.advance(60_000);
    const lost = Array.from({ length: 5 }, (_, at) => ({
      ittybitJob: `job_lost${at}`,
      submittedAt: clock.now() - 20_000 - at,
    }));
    const fresh = { ittybitJob: "job_fresh", submittedAt: clock.now() - 1_000 };
    const collected = await collect([...lost, fresh], { pages: 3, pageShows: 0, singles: 2 });
    expect(ittybit.calls.filter((call) => call !== "list")).toEqual(["get job_lost4", "get job_lost3"]);
    expect(ended.filter((job) => job.startsWith("job_lost"))).toEqual(["job_lost4", "job_lost3"]);
    expect(collected.calls).toBe(ittybit.calls.length);
  });

  it("does nothing for nobody", async () => {
    const { ittybit, collect } = await setup(3);
    expect(await collect([])).toEqual({ ended: 0, calls: 0, notBefore: null });
    expect(ittybit.calls).toEqual([]);
  });

  it("stops when Ittybit asks for a pause, and says until when", async () => {
    const { clock, ittybit, open, collect } = await setup(3);
    ittybit.blind = () => ({ kind: "throttled", retryAfterMs: 5_000 });
    clock.advance(60_000);
    expect(await collect(open)).toEqual({ ended: 0, calls: 1, notBefore: clock.now() + 5_000 });
  });

  it("makes no more calls once the account is refused", async () => {
    const { clock, ittybit, open, collect } = await setup(3);
    ittybit.blind = () => ({ kind: "account", status: 401, message: "no such key" });
    clock.advance(60_000);
    expect(await collect(open)).toEqual({ ended: 0, calls: 1, notBefore: null });
  });

  it("never throws, whatever the ledger or Ittybit do", async () => {
    const { clock, ittybit, open, deps, collect, logs } = await setup(3);
    clock.advance(60_000);
    const failing = () => Promise.reject(new Error("gone"));
    expect(await collectEnded(open, failing, deps)).toMatchObject({ ended: 3 });
    ittybit.blind = () => ({ kind: "unclear", failure: { code: "upstream_unreachable", message: "x" } });
    expect(await collect(open)).toMatchObject({ ended: 0 });
    expect(logs).toEqual(["collect.failed"]);
  });
});
