import type { Observations, OpenJob, UnreportedJob } from "@prewarm/durable-queue";
import { describe, expect, it } from "vitest";
import { createFakeClock } from "../../testing/fake-clock.ts";
import { Poller } from "./poller.ts";
import { ListingIttybit } from "./testing/listing-ittybit.ts";

const MINUTE = 60_000;

/** A poller over open jobs that a test makes, in virtual time. The learned time of a job is what `jobMs` says. */
function setup({ all = 50, goal = 20, jobMs = 2_000 } = {}) {
  const clock = createFakeClock();
  const ittybit = new ListingIttybit(clock);
  const open: OpenJob[] = [];
  const state = {
    waiting: false,
    all,
    goal,
    jobMs,
    quickMs: jobMs,
    untold: 0,
    unheard: [] as UnreportedJob[],
    unnamed: new Set<number>(),
    breaks: false,
  };
  const found: (Observations & { at: number })[] = [];
  const logs: string[] = [];
  const poller = new Poller({
    ittybit,
    clock,
    sleep: (ms) => clock.sleep(ms),
    log: (event) => void logs.push(event),
    view: {
      open: () => [...open].sort((a, b) => a.admittedAt - b.admittedAt),
      pace: () => ({
        slots: { used: open.length + state.untold, all: state.all },
        waiting: state.waiting,
        goal: state.goal,
      }),
      queueId: () => "L1",
      unreported: () => state.unheard,
      unnamed: () => state.unnamed,
      scan: () => null,
      jobMs: (q) => (q < 0.5 ? state.quickMs : state.jobMs),
    },
    report(news) {
      found.push({ ...news, at: clock.now() });
      if (state.breaks) throw new Error("no room");
      for (const { id } of news.ended) close(id);
      for (const id of news.absent) close(id);
    },
  });
  function close(id: string): void {
    const at = open.findIndex(({ job }) => job === id);
    if (at >= 0) open.splice(at, 1);
  }
  /** A job at Ittybit that takes so long, and whose id the ledger knows. */
  function make(takesMs: number, urgent = false): string {
    const { id } = ittybit.make(takesMs);
    open.push({
      job: id,
      gen: ittybit.jobs.length,
      admittedAt: clock.now(),
      createdAt: null,
      heardAt: clock.now(),
      urgent,
    });
    return id;
  }
  const endedAt = (id: string) => found.find(({ ended }) => ended.some((job) => job.id === id))?.at ?? null;
  /** Rings as exchanges do, until nothing is open or the time is over. */
  async function drive(ms: number, every = 1_000): Promise<void> {
    for (const end = clock.now() + ms; clock.now() < end && open.length > 0; ) {
      poller.keepRunning();
      await clock.sleep(Math.min(every, end - clock.now()));
    }
  }
  return { clock, ittybit, open, state, found, logs, poller, make, endedAt, drive };
}

/** A drain as the ledger runs one: slots kept full, a POST of 150 ms, its id told up to 700 ms later. */
async function drain(o: { all: number; rate: number; jobMs: number; jitter: number; n: number; foreign?: number }) {
  const world = setup({
    all: o.all,
    goal: Math.min(o.rate, o.all / (o.jobMs / 1_000 + 0.3)),
    jobMs: o.jobMs * (1 - o.jitter),
  });
  const { clock, ittybit, open, state, poller, found } = world;
  let [made, dice] = [0, 7];
  const seenFrom = new Map<string, number>();
  const roll = (): number => {
    dice = (dice * 48_271) % 2_147_483_647;
    return dice / 2_147_483_647;
  };
  async function one(): Promise<void> {
    const grantedAt = clock.now();
    await clock.sleep(50 + 50 * roll());
    if (roll() < (o.foreign ?? 0)) ittybit.make(1_000, "other");
    const { id, createdAt, endsAt } = ittybit.make(o.jobMs * (1 - o.jitter + 2 * o.jitter * roll()));
    await clock.sleep(75 + 700 * roll());
    seenFrom.set(id, Math.max(endsAt, clock.now()));
    state.untold -= 1;
    open.push({ job: id, gen: made, admittedAt: grantedAt, createdAt, heardAt: 0, urgent: false });
  }
  state.waiting = true;
  const began = clock.now();
  let nextAt = began;
  while (made < o.n || state.untold > 0 || open.length > 0) {
    state.waiting = made < o.n;
    while (made < o.n && open.length + state.untold < o.all && nextAt <= clock.now()) {
      made += 1;
      state.untold += 1;
      nextAt = Math.max(nextAt + 1_000 / o.rate, clock.now() - 300);
      void one();
    }
    poller.keepRunning();
    await clock.sleep(40);
  }
  const lags = found.flatMap(({ ended, at }) => ended.map(({ id }) => at - (seenFrom.get(id) ?? Number.NaN)));
  lags.sort((a, b) => a - b);
  const times = found.flatMap(({ ended, at }) => ended.map(() => at));
  const [from, to] = [times[Math.floor(o.n * 0.2)] ?? 0, times[Math.floor(o.n * 0.9)] ?? 0];
  return {
    ended: lags.length,
    callsPerVariant: (o.n + ittybit.calls.length) / o.n,
    /** Of what rate and slots allow, between a fifth and nine tenths of the jobs. */
    share: (1_000 * 0.7 * o.n) / (to - from) / Math.min(o.rate, o.all / (o.jobMs / 1_000)),
    medianLagMs: lags[lags.length >> 1] ?? Number.NaN,
    mostAtOnce: ittybit.mostAtOnce,
  };
}

describe("a drain", () => {
  it.each([
    ["50 slots, 20/s, jobs of 2 s", { all: 50, rate: 20, jobMs: 2_000, jitter: 0, n: 1_000 }],
    ["the same, job times ± 80 %", { all: 50, rate: 20, jobMs: 2_000, jitter: 0.8, n: 1_000 }],
    ["500 slots, 500/s", { all: 500, rate: 500, jobMs: 2_000, jitter: 0, n: 3_000 }],
    ["500 slots, 500/s, job times ± 80 %", { all: 500, rate: 500, jobMs: 2_000, jitter: 0.8, n: 3_000 }],
  ])("%s: at most 1.2 calls to Ittybit a variant, and each end is seen soon", async (_, order) => {
    const drained = await drain(order);
    expect(drained.ended).toBe(order.n);
    expect(drained.callsPerVariant).toBeLessThanOrEqual(1.2);
    expect(drained.mostAtOnce).toBeLessThanOrEqual(6);
    expect(drained.medianLagMs).toBeLessThanOrEqual(300);
    expect(drained.share).toBeGreaterThan(0.78);
  });

  it("of jobs that end before their ids are known needs one read a second while slots are free", async () => {
    const drained = await drain({ all: 50, rate: 20, jobMs: 300, jitter: 0, n: 1_000 });
    expect(drained.ended).toBe(1_000);
    expect(drained.callsPerVariant).toBeLessThanOrEqual(1.1);
    expect(drained.share).toBeGreaterThan(0.95);
  });

  it("sees the ends of more than a thousand open jobs", async () => {
    const drained = await drain({ all: 1_200, rate: 600, jobMs: 2_000, jitter: 0, n: 4_000 });
    expect(drained.ended).toBe(4_000);
    expect(drained.callsPerVariant).toBeLessThanOrEqual(1.2);
  });

  it("among as many jobs of other ledgers sees each end", async () => {
    const drained = await drain({ all: 500, rate: 500, jobMs: 2_000, jitter: 0.5, n: 2_000, foreign: 1 });
    expect(drained.ended).toBe(2_000);
    expect(drained.callsPerVariant).toBeLessThanOrEqual(1.5);
  });
});

describe("pages by cursor", () => {
  it("read 450 old jobs with six pages, each from a known job", async () => {
    const { ittybit, make, clock, drive, open } = setup();
    const ids = Array.from({ length: 450 }, () => make(1_000));
    clock.advance(3_000);
    await drive(3_000, 100);
    expect(open).toEqual([]);
    expect(ittybit.calls.length).toBeLessThanOrEqual(6);
    expect(ittybit.calls.filter((call) => ids.includes(call.slice(5))).length).toBeGreaterThanOrEqual(4);
  });

  it("that take long delay no other page", async () => {
    const { ittybit, make, clock, drive, open, endedAt } = setup({ all: 1_000, goal: 500 });
    ittybit.latencyMs = (call) => (ittybit.calls.length === 1 && call.startsWith("list") ? 20_000 : 120);
    const ids = Array.from({ length: 700 }, () => make(1_000));
    clock.advance(3_000);
    await drive(3_000, 100);
    const slow = ids.filter((id) => endedAt(id) === null);
    expect(slow.length).toBeGreaterThan(50);
    expect(slow.length).toBeLessThanOrEqual(100);
    await drive(20_000, 1_000);
    expect(open).toEqual([]);
  });

  it("report the jobs whose ids are not known yet, and their ends", async () => {
    const { ittybit, make, clock, drive, found, state } = setup();
    for (let n = 0; n < 30; n += 1) make(1_000);
    const { id } = ittybit.make(1_000, "job", { ledger: "L1", gen: "77" });
    ittybit.make(1_000, "job", { ledger: "L2", gen: "77" });
    ittybit.make(1_000, "job", { ledger: "L1", gen: "78" });
    state.unnamed.add(77);
    clock.advance(3_000);
    await drive(500, 100);
    const news = found.find((one) => one.found.length > 0);
    expect([news?.found, news?.ended].map((jobs) => jobs?.map((job) => job.id))).toEqual([[id], [id]]);
  });

  it("are not read while all jobs are too young to have ended", async () => {
    const { ittybit, make, clock, drive } = setup();
    const old = Array.from({ length: 50 }, () => make(10_000));
    clock.advance(5_000);
    for (let n = 0; n < 300; n += 1) make(10_000);
    await drive(200);
    expect(ittybit.calls).toHaveLength(1);
    expect(old.length).toBe(50);
  });

  it("show the youngest job too when work waits for slots that slow jobs hold", async () => {
    const { make, clock, drive, state, endedAt } = setup({ all: 3 });
    make(3_600_000);
    make(3_600_000);
    clock.advance(1_000);
    const youngest = make(2_000);
    state.waiting = true;
    await drive(20_000);
    expect(endedAt(youngest)).not.toBeNull();
  });

  it("a single job is read by its id, also if the answer has another id", async () => {
    const { ittybit, make, clock, drive, open } = setup();
    ittybit.idPrefix = "task_of_";
    const id = make(1_000);
    clock.advance(3_000);
    await drive(500);
    expect(ittybit.calls).toEqual([`get ${id}`]);
    expect(open).toEqual([]);
  });

  it("a job that no page shows is read by its id, until a page shows it again", async () => {
    const { ittybit, make, clock, drive, open } = setup();
    const hidden = make(20 * MINUTE);
    for (let n = 0; n < 60; n += 1) make(20 * MINUTE);
    ittybit.hidden.list.add(hidden);
    clock.advance(5_000);
    await drive(5 * MINUTE);
    const gets = () => ittybit.calls.filter((call) => call === `get ${hidden}`).length;
    expect(gets()).toBeGreaterThan(10);
    expect(gets()).toBeLessThan(60);
    ittybit.hidden.list.clear();
    await drive(2 * MINUTE);
    const before = gets();
    await drive(5 * MINUTE);
    expect(gets()).toBe(before);
    expect(open).toHaveLength(61);
  });

  it("a cursor that Ittybit has forgotten is replaced by another one", async () => {
    const { ittybit, make, clock, drive, open, endedAt } = setup();
    const ids = Array.from({ length: 30 }, () => make(6_000));
    const brief = Array.from({ length: 40 }, () => make(100));
    clock.advance(3_000);
    await drive(500);
    const late = make(8_000);
    for (const id of brief)
      ittybit.jobs.splice(
        ittybit.jobs.findIndex((job) => job.id === id),
        1,
      );
    ittybit.calls.length = 0;
    await drive(20_000);
    expect(open).toEqual([]);
    expect(endedAt(late)).not.toBeNull();
    expect(ittybit.calls.filter((call) => brief.includes(call.slice(5))).length).toBeLessThanOrEqual(2);
    for (const id of ids) expect(endedAt(id)).not.toBeNull();
  });
});

describe("other dialects", () => {
  it.each(["ignores", "refuses"] as const)(
    "where a list %s cursors, jobs that its newest page does not show are read by their ids",
    async (manner) => {
      const { ittybit, make, clock, drive, open } = setup({ jobMs: 1_000 });
      ittybit.manner = manner;
      for (let n = 0; n < 700; n += 1) make(n < 350 ? 1_000 : 6_000);
      clock.advance(3_000);
      await drive(60_000);
      expect(open).toEqual([]);
      expect(ittybit.calls.length).toBeLessThan(3 * 700);
    },
  );

  it.each(["ignores", "noList"] as const)(
    "a list of the kind %s is read on after a time without answers",
    async (manner) => {
      const { ittybit, make, clock, drive, open } = setup({ jobMs: 1_000 });
      ittybit.manner = manner;
      for (let n = 0; n < 120; n += 1) make(n < 20 ? 1_000 : 30_000);
      clock.advance(3_000);
      await drive(5_000);
      ittybit.blind = () => ({ kind: "throttled", retryAfterMs: 3_000 });
      await drive(20_000, 100);
      ittybit.blind = () => null;
      await drive(60_000);
      expect(open).toEqual([]);
    },
  );

  it("without a list no job is read before its usual time", async () => {
    const { ittybit, make, drive, state, open } = setup({ jobMs: 2_000, all: 2 });
    ittybit.manner = "noList";
    state.quickMs = 200;
    state.waiting = true;
    make(2_000);
    make(2_000);
    await drive(10_000);
    expect(open).toEqual([]);
    expect(ittybit.calls.filter((call) => call.startsWith("get")).length).toBeLessThanOrEqual(4);
  });

  it("without a list the jobs are read by their ids, at up to 20 a second", async () => {
    const { ittybit, make, clock, drive, open, state } = setup();
    ittybit.manner = "noList";
    state.waiting = true;
    for (let n = 0; n < 400; n += 1) {
      make(2_000);
      await drive(50, 50);
    }
    expect(open.length).toBeLessThan(120);
    state.waiting = false;
    await drive(10_000);
    expect(open).toEqual([]);
    expect(ittybit.calls.length).toBeLessThan(3 * 400);
    expect(clock.now()).toBeGreaterThan(0);
  });
});

describe("a job that does not end", () => {
  it("counts as absent only past its deadline, on no page, and unknown by its id", async () => {
    const { ittybit, make, drive, found, clock } = setup();
    const ids = [make(MINUTE), make(MINUTE)];
    for (const id of ids) {
      ittybit.hidden.get.add(id);
      ittybit.hidden.list.add(id);
    }
    make(30 * MINUTE);
    const began = clock.now();
    await drive(20 * MINUTE);
    const absent = found.filter((news) => news.absent.length > 0);
    expect(absent.flatMap((news) => news.absent).toSorted()).toEqual(ids);
    for (const { at } of absent) expect(at - began).toBeGreaterThan(10 * MINUTE);
    for (const { at } of absent) expect(at - began).toBeLessThan(14 * MINUTE);
  });

  it("that its id does not find, but a page shows, is not absent", async () => {
    const { ittybit, make, drive, found, open } = setup();
    const id = make(30 * MINUTE);
    ittybit.hidden.get.add(id);
    await drive(20 * MINUTE);
    expect(found.flatMap(({ absent }) => absent)).toEqual([]);
    expect(open).toHaveLength(1);
    expect(found.flatMap(({ pending }) => pending)).toContain(id);
  });

  it("is not absent because its id was unknown once and no page shows it now", async () => {
    const { ittybit, make, drive, found } = setup();
    const id = make(30 * MINUTE);
    ittybit.hidden.get.add(id);
    await drive(20_000);
    expect(ittybit.calls.filter((call) => call.startsWith("list")).length).toBeGreaterThan(0);
    ittybit.hidden.get.clear();
    await drive(11 * MINUTE);
    ittybit.hidden.list.add(id);
    await drive(15 * MINUTE);
    expect(found.flatMap(({ absent }) => absent)).toEqual([]);
  });

  it("is not absent after one read by its id that did not find it, though no page shows it", async () => {
    const { ittybit, make, drive, found, open } = setup();
    const id = make(30 * MINUTE);
    ittybit.hidden.list.add(id);
    const reads = () => ittybit.calls.filter((call) => call.startsWith("get")).length;
    await drive(11 * MINUTE);
    for (let lies = 0; lies < 3; lies += 1) {
      const before = reads();
      ittybit.hidden.get.add(id);
      for (let seconds = 0; reads() === before && seconds < 600; seconds += 1) await drive(1_000);
      ittybit.hidden.get.clear();
      expect(reads()).toBe(before + 1);
      await drive(3 * MINUTE);
    }
    expect(found.flatMap(({ absent }) => absent)).toEqual([]);
    expect(open).toHaveLength(1);
  });

  it("is read ever more rarely, and its end is seen even after hours", async () => {
    const { ittybit, make, drive, found, endedAt, clock } = setup();
    const began = clock.now();
    const id = make(6 * 60 * MINUTE);
    await drive(7 * 60 * MINUTE, 20_000);
    expect(endedAt(id)).toBeGreaterThanOrEqual(began + 6 * 60 * MINUTE);
    expect(endedAt(id)).toBeLessThan(began + 6 * 60 * MINUTE + 6 * MINUTE);
    expect(found.flatMap(({ absent }) => absent)).toEqual([]);
    expect(ittybit.calls.length).toBeLessThan(160);
  });
});

describe("a viewer's job", () => {
  it.each([300, 1_000, 2_000])("of %d ms is seen to end within 300 ms", async (jobMs) => {
    const { make, endedAt, drive, ittybit } = setup({ jobMs });
    const id = make(jobMs, true);
    await drive(10_000);
    expect((endedAt(id) ?? Number.NaN) - (ittybit.jobs[0]?.endsAt ?? 0)).toBeLessThan(300);
    expect(ittybit.calls.length).toBeLessThanOrEqual(3);
  });

  it("that takes a little longer than usual is read every 250 ms, the time of the read included", async () => {
    const { make, endedAt, drive, ittybit } = setup({ jobMs: 2_000 });
    const id = make(2_100, true);
    await drive(10_000);
    expect((endedAt(id) ?? Number.NaN) - (ittybit.jobs[0]?.endsAt ?? 0)).toBeLessThan(300);
  });

  it("is first read when its usual time after its POST is over", async () => {
    const { clock, make, open, drive, ittybit } = setup({ jobMs: 1_000 });
    const job = make(1_000, true);
    Object.assign(open.find((one) => one.job === job) ?? {}, { admittedAt: clock.now() - 400 });
    await drive(5_000);
    expect(open).toEqual([]);
    expect(ittybit.calls).toHaveLength(1);
  });

  it.each([0, 250, 500, 750])("that comes %d ms into a rest is read in time", async (into) => {
    const { make, endedAt, drive, ittybit } = setup({ jobMs: 300 });
    make(60_000);
    await drive(5_000 + into, 50);
    const id = make(300, true);
    await drive(2_000, 50);
    expect((endedAt(id) ?? Number.NaN) - (ittybit.jobs[1]?.endsAt ?? 0)).toBeLessThan(300);
  });
});

describe("when Ittybit does not answer as it should", () => {
  it("a 429 stops all calls until its time, which is reported", async () => {
    const { ittybit, make, clock, drive, found, open } = setup();
    for (let n = 0; n < 300; n += 1) make(1_000);
    clock.advance(3_000);
    ittybit.blind = () => ({ kind: "throttled", retryAfterMs: 5_000 });
    await drive(1_000);
    const calls = ittybit.calls.length;
    const until = found.at(-1)?.throttledUntil ?? 0;
    expect(until).toBeGreaterThan(clock.now());
    ittybit.blind = () => null;
    await drive(until - clock.now() - 100);
    expect(ittybit.calls.length).toBe(calls);
    await drive(3_000);
    expect(open).toEqual([]);
  });

  it("a refused account is reported, and asked again only after half a minute", async () => {
    const { ittybit, make, clock, drive, found, open } = setup();
    make(1_000);
    clock.advance(3_000);
    ittybit.blind = () => ({ kind: "account", status: 402, message: "pay" });
    await drive(29_000);
    expect(found).toMatchObject([{ account: { status: 402, message: "pay" } }]);
    expect(ittybit.calls).toHaveLength(1);
    ittybit.blind = () => null;
    await drive(5_000);
    expect(open).toEqual([]);
  });

  it("failures make reads rarer, and never a job absent", async () => {
    const { ittybit, make, clock, drive, found, open } = setup();
    make(1_000);
    clock.advance(3_000);
    ittybit.blind = () => ({
      kind: "unclear",
      failure: { code: "upstream_unavailable", message: "503", httpStatus: 503 },
    });
    await drive(15 * MINUTE);
    expect(ittybit.calls.length).toBeLessThan(40);
    expect(found).toEqual([]);
    ittybit.blind = () => null;
    await drive(MINUTE);
    expect(open).toEqual([]);
  });
});

describe("the loop", () => {
  it("goes on a second after its report has failed", async () => {
    const { make, clock, drive, state, logs, open } = setup();
    for (let n = 0; n < 30; n += 1) make(1_000);
    clock.advance(3_000);
    state.breaks = true;
    await drive(900, 100);
    expect(logs).toEqual(["collect.failed"]);
    state.breaks = false;
    await drive(5_000, 100);
    expect(open).toEqual([]);
  });

  it("does not run while no job is open", () => {
    expect(setup().poller.keepRunning()).toBeNull();
  });

  it("ends when no job is open", async () => {
    const { poller, make, clock } = setup();
    make(1_000);
    clock.advance(3_000);
    await poller.keepRunning();
    expect(poller.keepRunning()).toBeNull();
  });

  it("ends 25 seconds after the last call, and goes on with the next", async () => {
    const { poller, make, clock, ittybit } = setup();
    make(40_000);
    const began = clock.now();
    await poller.keepRunning();
    expect(clock.now() - began).toBeGreaterThanOrEqual(25_000);
    expect(clock.now() - began).toBeLessThan(27_000);
    const calls = ittybit.calls.length;
    clock.advance(20_000);
    await poller.keepRunning();
    expect(ittybit.calls.length).toBeGreaterThan(calls);
    expect(poller.keepRunning()).toBeNull();
  });

  it("is one, however often it is called", () => {
    const { poller, make } = setup();
    make(1_000);
    expect(poller.keepRunning()).toBe(poller.keepRunning());
  });
});
