import { CANCELLED, CANCELLING, NOTHING } from "@prewarm/durable-queue";
import { expireLeases, observe } from "@prewarm/durable-queue/testing";
import { jobOfKey } from "@prewarm/shared/variant-key";
import { describe, expect, it } from "vitest";
import type { VariantOutcome } from "../../src/images/calls.ts";
import { nextAlarmOf } from "../../src/ledger/testing/next-alarm-of.ts";
import { PERMANENT, STORED, setup, TRANSIENT } from "../../src/ledger/testing/setup.ts";

const KEY = "a/400-high.webp";
const UNCLEAR: VariantOutcome = { kind: "unclear", failure: { code: "upstream_unreachable", message: "no answer" } };

describe("a slot", () => {
  const noJob: [string, (now: number) => VariantOutcome][] = [
    ["throttled", (now) => ({ kind: "throttled", until: now + 1_000 })],
    ["a faulty account", () => ({ kind: "account", status: 401, message: "bad key" })],
    ["not POSTed", () => ({ kind: "unposted" })],
    ["refused", (now) => ({ kind: "refused", code: "missing", until: now + 1_000, message: "404" })],
    ["a POST answered 4xx", () => ({ ...PERMANENT, external: "none" })],
    ["there before the POST", () => ({ kind: "present", objectGen: 9e15, bytes: 1, posted: false })],
  ];

  it.each(noJob)("comes back at once when the first handler says that it made no job: %s", (_what, outcome) => {
    const { clock, granted, settle, slots, abandoned } = setup();
    settle("o", granted("o", KEY), outcome(clock.ms));
    expect([slots(), abandoned()]).toEqual([0, []]);
  });

  it.each(noJob)("stays when a later handler says so, for it does not know of the first POST: %s", (_what, outcome) => {
    const { clock, granted, leave, call, settle, slots } = setup();
    granted("o", KEY);
    leave("o");
    const [again] = call("p").give;
    settle("p", again!, outcome(clock.ms));
    expect(slots()).toBe(1);
  });

  it("stays while its job runs, whatever a later handler could not do for it", () => {
    const { granted, submit, leave, ended, call, settle, slots, abandoned } = setup();
    const go = granted("o", KEY);
    submit("o", go, "j1");
    const failure = { code: "original_unreachable", message: "no answer" };
    settle("o", go, { kind: "failed", class: "transient", failure, external: "open" });
    leave("o");
    expect(slots()).toBe(1);
    expect(abandoned()).toMatchObject([{ gen: go.gen, job: "j1" }]);
    ended("j1");
    expect(slots()).toBe(0);
    call("p");
  });

  it("of a POST that nobody knows the job of is kept for ten minutes when its generation is given up", () => {
    const { clock, granted, order, settle, slots, transactions } = setup();
    const go = granted("o", KEY);
    order({ keys: [KEY], force: true });
    settle("o", go, { kind: "stopped" });
    expect(slots()).toBe(1);
    clock.advance(601);
    transactions.write(expireLeases);
    expect(slots()).toBe(0);
  });

  it("of a given-up generation is free when its job, told late, is seen to end", () => {
    const { ask, clock, granted, order, settle, slots, ended, abandoned, transactions } = setup();
    const go = granted("o", KEY);
    order({ keys: [KEY], force: true });
    settle("o", go, { kind: "stopped" });
    clock.advance(300);
    expect(ask("o", { submitted: [{ id: go.id, gen: go.gen, job: "j1" }] })).toEqual({ status: "lost" });
    expect(abandoned()).toMatchObject([{ gen: go.gen, job: "j1" }]);
    clock.advance(3_600);
    transactions.write(expireLeases);
    expect(slots()).toBe(1);
    ended("j1");
    expect([slots(), abandoned()]).toEqual([0, []]);
  });
});

/** A ledger, and the next attempt of its job by another owner, after the backoff. */
function attempted() {
  const world = setup();
  const { clock, call, ready, settle } = world;
  let n = 0;
  const next = (outcome: VariantOutcome) => {
    clock.advance(600);
    n += 1;
    settle(`o${n}`, ready(`o${n}`, call(`o${n}`).give)[0]!, outcome);
  };
  return { ...world, next };
}

describe("what became of a job", () => {
  it("failed: an attempt and a new generation, until there were too many", () => {
    const { granted, settle, row, job, attempts, clock, call, ready } = setup({ limits: { maxAttempts: 2 } });
    const go = granted("o", KEY);
    settle("o", go, TRANSIENT);
    expect(row(KEY)).toMatchObject({ attempts: 1, state: 0 });
    expect(row(KEY)?.gen).toBeGreaterThan(go.gen);
    expect(job(KEY)?.state).toBe("retrying");
    clock.advance(2);
    settle("o", ready("o", call("o").give)[0]!, TRANSIENT);
    expect(job(KEY)).toMatchObject({ state: "dead", error: { code: "upstream_failed" } });
    expect(attempts(KEY)).toMatchObject([{ number: 1 }, { number: 2 }]);
  });

  it("failed at Ittybit: dead once a second job failed there, and not because of what failed before for another cause", () => {
    const { granted, settle, job, next } = attempted();
    const unavailable = { ...TRANSIENT, failure: { code: "upstream_unavailable", message: "503" } };
    const atIttybit = { ...TRANSIENT, class: "once" as const };
    settle("o", granted("o", KEY), unavailable);
    next(atIttybit);
    expect(job(KEY)?.state).toBe("retrying");
    next(unavailable);
    expect(job(KEY)?.state).toBe("retrying");
    next(atIttybit);
    expect(job(KEY)).toMatchObject({ state: "dead", attempts: 4 });
  });

  it("failed at Ittybit: what failed before a retry counts no more", () => {
    const { granted, settle, job, retry, next } = attempted();
    const atIttybit = { ...TRANSIENT, class: "once" as const };
    settle("o", granted("o", KEY), atIttybit);
    next(atIttybit);
    expect(job(KEY)?.state).toBe("dead");
    retry(KEY);
    next(atIttybit);
    expect(job(KEY)?.state).toBe("retrying");
  });

  it("stored: when Ittybit was asked and how long it worked stay with what is known of it", () => {
    const { granted, settle, job, clock } = setup();
    const go = granted("o", KEY);
    expect(job(KEY)).toMatchObject({ submittedAt: go.grantedAt, tookMs: null });
    clock.advance(3);
    settle("o", go, STORED);
    expect(job(KEY)).toMatchObject({ state: "stored", submittedAt: go.grantedAt, tookMs: 1_000 });
  });

  it("there before anybody was asked: nothing says that somebody was", () => {
    const { accept, call, settle, job } = setup();
    accept(KEY);
    const [given] = call("o").give;
    settle("o", given!, { kind: "present", objectGen: 9e15, bytes: 1, posted: false });
    expect(job(KEY)).toMatchObject({ state: "stored", submittedAt: null, tookMs: null });
  });

  it("unclear, when its job is known by then: left behind with it, and no attempt", () => {
    const { granted, settle, submit, attempts, row, ended, call, clock } = setup();
    const go = granted("o", KEY);
    submit("o", go, "j1");
    settle("o", go, UNCLEAR);
    expect([attempts(KEY), row(KEY)?.unclear]).toEqual([[], 0]);
    ended("j1");
    clock.advance(1);
    expect(call("p").give).toMatchObject([{ gen: go.gen, phase: "finish", job: "j1" }]);
  });

  it("failed for good: dead at once, and a view may ask again after a day", () => {
    const { granted, settle, job, view, clock } = setup();
    settle("o", granted("o", KEY), PERMANENT);
    expect(job(KEY)?.state).toBe("dead");
    expect(view("v", KEY).give).toEqual([]);
    clock.advance(86_400);
    expect(view("w", KEY).give).toMatchObject([{ key: KEY, phase: "admitted" }]);
  });

  it("refused: a state of its own, no attempt, until its time", () => {
    const { granted, settle, job, ledger, clock, attempts } = setup();
    const until = clock.ms + 60_000;
    settle("o", granted("o", KEY), { kind: "refused", code: "animated", until, message: "animated" });
    expect(job(KEY)).toMatchObject({ state: "refused", attempts: 0, error: { code: "animated" } });
    expect(attempts(KEY)).toEqual([]);
    expect(ledger.stats().counts.bulk).toMatchObject({ refused: 1, dead: 0 });
  });

  it("unclear: asked again under the same key by somebody else, six times, then given up", () => {
    const { granted, settle, row, call, clock, abandoned } = setup({ limits: { maxAttempts: 20 } });
    const go = granted("w0", KEY);
    settle("w0", go, UNCLEAR);
    for (let n = 1; n < 6; n += 1) {
      expect(row(KEY)).toMatchObject({ gen: go.gen, unclear: n });
      clock.advance(600);
      const [again] = call(`w${n}`).give;
      expect(again).toMatchObject({ gen: go.gen, phase: "admitted", first: false });
      settle(`w${n}`, again!, UNCLEAR);
    }
    expect(row(KEY)?.gen).toBeGreaterThan(go.gen);
    expect(abandoned()).toMatchObject([{ gen: go.gen }]);
  });

  it.each(["before its POST", "of its result"])(
    "our own fault %s: tried again under the same key, with no word against Ittybit, then dead",
    (when) => {
      const FAULT: VariantOutcome = {
        kind: "fault",
        failure: { code: "internal", message: "TypeError: x is not a function" },
      };
      const { accept, call, granted, submit, ended, settle, clock, row, attempts, ledger } = setup();
      const posted = when === "of its result";
      let go = posted ? granted("o", KEY) : null;
      if (go === null) accept(KEY);
      else {
        submit("o", go, "j1");
        ended("j1");
      }
      const gen = row(KEY)?.gen;
      for (let n = 1; n <= 5; n += 1) {
        go ??= call(`o${n}`).give[0] ?? null;
        expect(go).toMatchObject({ gen, ...(posted && n > 1 ? { phase: "finish", job: "j1" } : {}) });
        settle(n === 1 && posted ? "o" : `o${n}`, go!, FAULT);
        go = null;
        expect(attempts(KEY)).toHaveLength(n);
        clock.advance(3_600);
      }
      expect(attempts(KEY)[0]).toMatchObject({ code: "internal" });
      expect(row(KEY)).toMatchObject({ state: 2, crashes: 0 });
      expect(ledger.getGate()).toMatchObject({ slots: 0, breaker: { state: "closed" } });
    },
  );

  it("unclear for the last time: dead, and its slot is kept, but in nobody's hands", () => {
    const { granted, settle, job, slots, abandoned } = setup({ limits: { maxAttempts: 1 } });
    const go = granted("o", KEY);
    settle("o", go, UNCLEAR);
    expect(job(KEY)?.state).toBe("dead");
    expect(slots()).toBe(1);
    expect(abandoned()).toMatchObject([{ gen: go.gen }]);
  });

  it("throttled: the gate is closed until then, and the row waits as before", () => {
    const { granted, settle, clock, ledger, call, ready, row } = setup();
    const until = clock.ms + 10_000;
    settle("o", granted("o", KEY), { kind: "throttled", until });
    expect(ledger.getGate().throttledUntil).toBe(until);
    expect(row(KEY)).toMatchObject({ attempts: 0 });
    expect(ready("o", call("o").give)).toEqual([]);
    clock.advance(11);
    expect(ready("o", call("o").give)).toMatchObject([{ key: KEY, phase: "admitted", first: true }]);
  });

  it("an account's fault: the breaker opens, and lets one probe through", () => {
    const { granted, settle, accept, clock, ledger, call, ready } = setup();
    settle("o", granted("o", KEY), { kind: "account", status: 401, message: "bad key" });
    expect(ledger.getGate().breaker).toMatchObject({ state: "open", status: 401 });
    accept("b/1-high.webp");
    clock.advance(31);
    const gone = ready("o", call("o").give);
    expect(gone).toHaveLength(1);
    settle("o", gone[0]!, STORED);
    expect(ledger.getGate().breaker.state).toBe("closed");
  });

  it.each([2 * 3_600_000, 30 * 86_400_000])(
    "throttled for %d ms: nothing waits for that date once the operator has closed the breaker",
    (ms) => {
      const { accept, granted, submit, ended, settle, clock, ledger, call, ready } = setup();
      const [first, kept] = [granted("o", KEY), granted("o", "b/1-high.webp")];
      submit("o", kept, "j1");
      ended("j1");
      settle("o", first, { kind: "throttled", until: clock.ms + ms });
      settle("o", kept, { kind: "pending", due: clock.ms + 60_000 });
      expect(ledger.getGate().breaker).toMatchObject({ state: "open", probeAt: clock.ms + ms });
      ledger.patchGate({ breaker: { state: "closed" } }, "operator");
      clock.advance(5);
      accept("c/1-high.webp");
      const gone = ready("o", call("o").give).filter(({ phase }) => phase === "admitted");
      expect(gone.map(({ key }) => key).toSorted()).toEqual([KEY, "c/1-high.webp"]);
      clock.advance(3_600);
      expect(call("r").give).toMatchObject([{ key: "b/1-high.webp", phase: "finish", job: "j1" }]);
    },
  );

  it("present, of an older original, of what was to be cancelled: cancelled, and made by the next order", () => {
    const { granted, order, cancel, settle, row, job, call } = setup();
    const go = granted("o", KEY);
    order({ lane: "upload", keys: [KEY], originals: [{ id: "a", order: "2", sourceEtag: "new" }] });
    cancel(KEY);
    settle("o", go, { kind: "present", objectGen: go.gen, bytes: 1, posted: true });
    expect(job(KEY)?.state).toBe("cancelled");
    expect(order({ keys: [KEY] })).toMatchObject({ accepted: 1, existing: 0 });
    const [again] = call("q").give;
    expect(again).toMatchObject({ key: KEY, gen: row(KEY)?.gen });
    expect(again?.floor).toBeGreaterThan(go.gen);
  });

  it("present below the floor: made anew", () => {
    const { granted, settle, row, order, call, ready } = setup();
    const go = granted("o", KEY);
    settle("o", go, STORED);
    order({ keys: [KEY], force: true });
    const [again] = ready("o", call("o").give);
    settle("o", again!, { kind: "present", objectGen: go.gen, bytes: 1, posted: false });
    expect(row(KEY)).toMatchObject({ state: 0, attempts: 0 });
    expect(row(KEY)?.gen).toBeGreaterThan(again!.gen);
  });

  it("pending: fetched by somebody else from its time on, with its slot free", () => {
    const { granted, submit, ended, settle, call, clock, slots } = setup();
    const go = granted("o", KEY);
    submit("o", go, "j1");
    ended("j1");
    settle("o", go, { kind: "pending", due: clock.ms + 5_000 });
    expect(call("p").give).toEqual([]);
    clock.advance(5);
    expect(call("p").give).toMatchObject([{ key: KEY, phase: "finish", job: "j1" }]);
    expect(slots()).toBe(0);
  });

  it("stored although it was to be cancelled: too late for that", () => {
    const { granted, settle, cancel, job } = setup();
    const go = granted("o", KEY);
    cancel(KEY);
    settle("o", go, STORED);
    expect(job(KEY)?.state).toBe("stored");
  });

  it("said of an older generation: nothing of it counts", () => {
    const { granted, settle, order, row } = setup();
    const go = granted("o", KEY);
    order({ keys: [KEY], force: true });
    settle("o", go, STORED);
    expect(row(KEY)).toMatchObject({ state: 0 });
  });
});

describe("a job that Ittybit does not know any more", () => {
  it("counts as an attempt and is made again, once nobody holds it", () => {
    const { granted, submit, leave, absent, row, attempts, call } = setup();
    const go = granted("o", KEY);
    submit("o", go, "j1");
    absent("j1");
    expect(row(KEY)?.gen).toBe(go.gen);
    leave("o");
    absent("j1");
    expect(attempts(KEY)).toMatchObject([{ code: "upstream_lost" }]);
    expect(call("p").give).toMatchObject([{ key: KEY, phase: "standby" }]);
  });

  it("is not one that is shown to run, however old it is", () => {
    const { granted, submit, leave, pending, row, clock, slots } = setup();
    const go = granted("o", KEY);
    submit("o", go, "j1");
    leave("o");
    clock.advance(7_200);
    pending("j1");
    expect(row(KEY)?.gen).toBe(go.gen);
    expect(slots()).toBe(1);
  });
});

describe("a row that goes on in a live hand", () => {
  it("and is then cancelled ends cancelled, once its hand has said something or its lease is over", () => {
    for (const end of ["settle", "lease"] as const) {
      const { clock, granted, order, cancel, settle, transactions, job } = setup();
      const go = granted("o", KEY);
      order({ keys: [KEY], force: true });
      cancel(KEY);
      if (end === "settle") settle("o", go, { kind: "stopped" });
      else {
        clock.advance(61);
        transactions.write(expireLeases);
      }
      expect(job(KEY)?.state, end).toBe("cancelled");
    }
  });

  it("is shown as cancelled once its owner, who is told to stop, has said something; who orders it before calls the cancel off", () => {
    for (const isOrdered of [false, true]) {
      const { granted, submit, cancel, call, accept, settle, job } = setup();
      const go = granted("o", KEY);
      submit("o", go, "j1");
      cancel(KEY);
      expect(job(KEY)?.state).toBe("processing");
      const have = [{ id: go.id, gen: go.gen, phase: "watch" as const }];
      expect(call("o", { have }).stop).toEqual([{ id: go.id, gen: go.gen }]);
      if (isOrdered) accept(KEY);
      settle("o", go, TRANSIENT);
      expect(job(KEY)?.state).toBe(isOrdered ? "retrying" : "cancelled");
    }
  });

  it("which has only looked at it: cancelled once that has said something, whatever becomes of it meanwhile, and made when it is asked for again", () => {
    for (const isRenewed of [false, true]) {
      const { accept, call, cancel, job, order, settle, row, leave } = setup();
      accept(KEY);
      const [standby] = call("o").give;
      cancel(KEY);
      // A new original, which comes with another variant, makes what is open anew.
      const originals = [{ id: "a", order: "1", sourceEtag: null }];
      if (isRenewed) order({ keys: ["a/800-high.webp"], originals });
      expect(job(KEY)?.state).toBe("processing");
      expect(call("o").stop).toMatchObject([{ id: standby?.id, gen: standby?.gen }]);
      if (standby !== undefined) settle("o", standby, { kind: "unposted" });
      expect(job(KEY)?.state).toBe("cancelled");
      accept(KEY);
      leave("o");
      const given = call("p").give.find(({ key }) => key === KEY);
      expect(given?.gen).toBe(row(KEY)?.gen);
    }
  });

  it("whom an eviction has forgotten: cancelled when its lease is surely over, once the service has lost its job, or when its key is too old", () => {
    const stateIn = ({ transactions }: ReturnType<ReturnType<typeof setup>["evict"]>) =>
      transactions.read((tx) => tx.rows.loadKeys([jobOfKey(KEY)])[0]?.state);
    const { accept, call, cancel, evict, clock } = setup();
    accept(KEY);
    call("o", { brief: true });
    cancel(KEY);
    const later = evict();
    const states = [50, 20].map((seconds) => {
      clock.advance(seconds);
      later.transactions.write(expireLeases);
      return stateIn(later);
    });
    expect(states).toEqual([CANCELLING, CANCELLED]);
    for (const orderedAgain of [false, true]) {
      const posted = setup();
      posted.accept(KEY);
      const [go] = posted.ready("o", posted.call("o", { brief: true }).give);
      if (orderedAgain) posted.order({ keys: [KEY], force: true });
      posted.cancel(KEY);
      const lost = posted.evict();
      const metadata = { ledger: "test", gen: String(go?.gen) };
      const listed = { id: "j1", status: "pending", said: "queued", known: true, output: null, error: null } as const;
      const found = [{ ...listed, metadata, input: null, createdAt: null, finishedAt: null }];
      lost.transactions.write((tx) => observe(tx, { ...NOTHING, found }));
      lost.transactions.write((tx) => observe(tx, { ...NOTHING, absent: ["j1"] }));
      expect(stateIn(lost), orderedAgain ? "ordered again" : "ordered once").toBe(CANCELLED);
    }
    const late = setup();
    late.accept(KEY);
    late.ready("o", late.call("o", { brief: true }).give);
    late.cancel(KEY);
    const nextDay = late.evict();
    late.clock.advance(25 * 3_600);
    const said = { role: "work" as const, room: 40, have: [], asks: [], submitted: [], settled: [], leave: false };
    nextDay.exchange({ owner: "p", first: true, ...said });
    expect(stateIn(nextDay)).toBe(CANCELLED);
  });

  it("which has put a copy of it: stored, for it is too late to cancel it", () => {
    const { accept, call, cancel, job, settle } = setup();
    accept(KEY);
    const [standby] = call("o").give;
    cancel(KEY);
    const copied = { kind: "present", objectGen: standby?.gen ?? 0, bytes: 100, posted: false } as const;
    if (standby !== undefined) settle("o", standby, copied);
    expect(job(KEY)?.state).toBe("stored");
  });
});

describe("a row that could not be looked at", () => {
  it("is looked at again when its handler says, and not before", () => {
    const { clock, accept, call, settle } = setup();
    accept(KEY);
    const [standby] = call("o").give;
    const pending = { kind: "pending", due: clock.ms + 15_000 } as const;
    expect(standby === undefined ? null : settle("o", standby, pending).give).toEqual([]);
    clock.advance(14);
    expect(call("o").give).toEqual([]);
    clock.advance(2);
    expect(call("o").give).toMatchObject([{ key: KEY, phase: "standby" }]);
  });
});

describe("a job that was given up, and is known", () => {
  it("keeps its slot until it is seen to end, or Ittybit does not know it any more", () => {
    for (const how of ["ended", "absent"] as const) {
      const { clock, granted, submit, order, leave, transactions, slots, ...seen } = setup();
      submit("o", granted("o", KEY), "j1");
      leave("o");
      order({ keys: [KEY], force: true });
      clock.advance(7_200);
      transactions.write(expireLeases);
      expect(slots()).toBe(1);
      // The poller's loop must go on for that.
      expect(transactions.read(nextAlarmOf)).toBeLessThanOrEqual(clock.ms + 60_000);
      seen[how]("j1");
      expect(slots(), how).toBe(0);
    }
  });
});
