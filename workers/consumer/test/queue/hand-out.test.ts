import type { Assignment } from "@prewarm/durable-queue";
import { wakesDue } from "@prewarm/durable-queue/testing";
import { describe, expect, it } from "vitest";
import { putRemoval } from "../../src/images/tables/removals.ts";
import { setup } from "../../src/ledger/testing/setup.ts";

const KEYS = Array.from({ length: 14 }, (_, n) => `i${n}/400-high.webp`);
const UNCLEAR = { kind: "unclear", failure: { code: "upstream_unreachable", message: "no answer" } } as const;

describe("what is handed out", () => {
  it("offers again what was found beside a suspect", () => {
    const { clock, change, accept, call, leave } = setup();
    const [suspect = "", ...others] = KEYS.slice(0, 3);
    accept(suspect);
    change(suspect, { crashes: 1, due: 0 });
    accept(...others);
    expect(call("o").give.map(({ key }) => key)).toEqual([suspect]);
    clock.advance(1);
    expect(
      call("p")
        .give.map(({ key }) => key)
        .sort(),
    ).toEqual(others);
    leave("o");
  });

  it("gives a suspect to empty hands only, also when viewers ask for it", () => {
    const { change, accept, call, view } = setup();
    const [suspect = "", other = "", third = ""] = KEYS;
    accept(other);
    const [held] = call("o").give;
    accept(suspect);
    change(suspect, { crashes: 1, due: 0 });
    expect(call("o", { have: [{ ...held!, phase: "standby" }] }).give).toEqual([]);
    expect(view("v", third, suspect).give.map(({ key }) => key)).toEqual([third]);
  });

  it("gives a busy worker the job that stands behind twelve suspects, and calls it back for no suspect", () => {
    const { change, granted, submit, leave, ended, call } = setup();
    const [busy = "", ...orphans] = KEYS;
    for (const [n, key] of orphans.entries()) submit("o", granted("o", key), `j${n}`);
    leave("o");
    for (const key of orphans.slice(0, 12)) change(key, { crashes: 1 });
    const go = granted("p", busy);
    ended(...orphans.map((_, n) => `j${n}`));
    const { give, more } = call("p", { have: [{ ...go, phase: "admitted" }] });
    expect(give.map(({ key }) => key)).toEqual(orphans.slice(12));
    expect(more).toBe(false);
  });

  it("looks at uploads before bulk, whatever came first", () => {
    const { order, call } = setup();
    const [bulk = "", upload = ""] = KEYS;
    order({ run: "b", keys: [bulk] });
    order({ run: "u", lane: "upload", keys: [upload] });
    expect(call("o", { room: 1 }).give.map(({ key }) => key)).toEqual([upload]);
  });

  it("tells a worker to come back as soon as it can do more, unless the gate is what is short", () => {
    for (const [concurrency, more] of [
      [50, true],
      [2, false],
    ] as const) {
      const { accept, call } = setup({ gate: { concurrency, ratePerSecond: 50, burst: 50 } });
      accept(...KEYS);
      const have = call("o").give.map(({ id, gen }) => ({ id, gen, phase: "ready" as const }));
      expect(call("o", { have }).more).toBe(more);
    }
  });

  it("tells the automatic gate which limit holds ready jobs back: Ittybit's answers move that one alone", () => {
    const gate = { concurrency: "auto", ratePerSecond: 200, burst: 200 } as const;
    const { clock, ledger, accept, call, ready, submit, settle } = setup({ gate, budget: { month: null } });
    accept(...Array.from({ length: 120 }, (_, n) => `many${n}/400-high.webp`));
    const hands = ["p", "q", "r"].map((owner) => ({ owner, given: call(owner).give }));
    const goes = () => hands.flatMap(({ owner, given }) => ready(owner, given).map((one) => ({ owner, one })));
    for (let calls = 0; calls < 5; calls += 1) goes();
    clock.advance(3);
    const going = goes().filter(({ one }) => one.phase === "admitted");
    expect(ledger.getGate()).toMatchObject({ slots: 49, concurrency: 50 });
    for (const { owner, one } of going.slice(0, 10)) submit(owner, one);
    expect(ledger.getGate()).toMatchObject({ concurrency: 55, rate: { perSecond: 200 } });
    goes();
    const [last] = going.slice(-1);
    settle(last?.owner ?? "", last?.one ?? { id: 0, gen: 0 }, { kind: "throttled", until: clock.ms + 1_000 });
    expect(ledger.getGate().concurrency).toBe(44);
  });

  it("gives a worker at most 20 results at once, so that it prepares what is next beside them", () => {
    const keys = Array.from({ length: 30 }, (_, n) => `many${n}/400-high.webp`);
    const { accept, call, submit, ended } = setup({ gate: { concurrency: 100, ratePerSecond: 100, burst: 100 } });
    accept(...keys);
    let all = call("o").give;
    const have = () => all.map(({ id, gen }) => ({ id, gen, phase: "ready" as const }));
    const gone: Assignment[] = [];
    while (gone.length < keys.length) {
      const { give } = call("o", { have: have().filter(({ id }) => !gone.some((one) => one.id === id)) });
      all = [...all, ...give.filter(({ phase }) => phase === "standby")];
      gone.push(...give.filter(({ phase, id }) => phase === "admitted" && !gone.some((one) => one.id === id)));
    }
    for (const one of gone) submit("o", one);
    ended(...gone.map(({ gen }) => `job-${gen}`));
    const watched = gone.map(({ id, gen }) => ({ id, gen, phase: "watch" as const }));
    const answer = call("o", { have: watched });
    expect([answer.give.filter(({ phase }) => phase === "finish").length, answer.more]).toEqual([20, true]);
    const finishing = new Set(answer.give.map(({ id }) => id));
    const next = watched.map((one) => (finishing.has(one.id) ? { ...one, phase: "finish" as const } : one));
    expect(call("o", { have: next }).give).toEqual([]);
    expect(call("o", { have: next.filter(({ phase }) => phase === "watch") }).give).toHaveLength(20);
  });

  it("gives an image's variants to one worker, which can note the image once", () => {
    const { accept, call, clock } = setup({ gate: { concurrency: 2, ratePerSecond: 1, burst: 1 } });
    const images = ["a", "b", "c", "d"].map((image) => [1, 2, 3, 4, 5].map((n) => `${image}/${n}00-high.webp`));
    accept(...images.flat());
    for (const owner of ["o", "p"]) {
      const keys = call(owner).give.map(({ key }) => key);
      for (const image of images) expect([0, 5]).toContain(image.filter((key) => keys.includes(key)).length);
      clock.advance(1);
    }
  });

  it.each(["live", "upload"] as const)(
    "takes up a job of the lane %s though its hands are full of bulk that it outranks",
    (lane) => {
      const { order, call, view, leave } = setup({ gate: { concurrency: 50, ratePerSecond: 0.1, burst: 1 } });
      order({ run: "b", keys: KEYS });
      const have = call("o").give.map(({ id, gen }) => ({ id, gen, phase: "ready" as const }));
      call("o", { have, room: 40 - have.length });
      const key = "wanted/400-high.webp";
      if (lane === "upload") order({ run: "u", lane, keys: [key] });
      else {
        view("v", key);
        // Without a token it is a worker's business.
        leave("v");
      }
      const { give } = call("o", { have, room: 40 - have.length });
      expect(give.map((one) => one.key)).toContain(key);
    },
  );

  it("lets bulk go beside an upload in one call when there is enough for both, and the upload alone when there is not", () => {
    for (const [burst, keys] of [
      [10, KEYS.slice(0, 2)],
      [1, KEYS.slice(1, 2)],
    ] as const) {
      const { clock, order, call, ready } = setup({ gate: { concurrency: 50, ratePerSecond: 1, burst } });
      order({ run: "b", keys: KEYS.slice(0, 1) });
      order({ run: "u", lane: "upload", keys: KEYS.slice(1, 2) });
      clock.advance(20);
      const begun = ready("o", call("o").give).filter(({ phase }) => phase === "admitted");
      expect(begun.map(({ key }) => key).sort()).toEqual([...keys]);
    }
  });

  it("lets a POST that is to be asked again go in the lane that joined it", () => {
    const { clock, ledger, order, call, settle, ready, leave, view } = setup();
    const [key = ""] = KEYS;
    order({ run: "u", lane: "upload", keys: [key] });
    const [go] = ready("o", call("o").give);
    settle("o", go!, UNCLEAR);
    leave("o");
    ledger.patchGate({ paused: { upload: true } }, "test");
    clock.advance(60);
    expect(call("p").give).toEqual([]);
    view("v", key);
    expect(call("p").give).toMatchObject([{ key, gen: go!.gen, phase: "admitted", first: false }]);
  });

  it("pays back to the lane that paid, whoever joined since", () => {
    const { ledger, order, call, settle, ready, view, evict } = setup();
    const [key = ""] = KEYS;
    order({ run: "u", lane: "upload", keys: [key] });
    const [go] = ready("o", call("o").give);
    view("v", key);
    expect(evict().getGate().budget.usedByLane).toMatchObject({ live: 0, upload: 1 });
    settle("o", go!, { kind: "throttled", until: 0 });
    expect(ledger.getGate().budget.usedByLane).toMatchObject({ live: 0, upload: 0 });
  });

  it("begins few POSTs a call: slots are not held by what waits for a connection", () => {
    const { clock, accept, call, ready } = setup({ gate: { concurrency: 50, ratePerSecond: 100, burst: 50 } });
    accept(...KEYS);
    clock.advance(1_000);
    const begun = ready("o", call("o").give).filter(({ phase }) => phase === "admitted");
    expect(begun).toHaveLength(10);
  });

  it("fetches results while what must be asked again waits for its gate", () => {
    const { clock, ledger, accept, granted, call, submit, settle, ready, leave, ended } = setup({
      gate: { concurrency: 50, ratePerSecond: 100, burst: 50 },
    });
    accept(...KEYS);
    const go = new Map<string, Assignment>();
    for (let turn = 0; turn < 20 && go.size < KEYS.length; turn += 1) {
      for (const one of ready("o", call("o").give)) if (one.phase === "admitted") go.set(one.key, one);
      clock.advance(1);
    }
    expect(go.size).toBe(KEYS.length);
    for (const one of go.values()) settle("o", one, UNCLEAR);
    leave("o");
    const made = granted("p", "later/400-high.webp");
    submit("p", made);
    leave("p");
    clock.advance(600);
    ended(`job-${made.gen}`);
    ledger.patchGate({ paused: { bulk: true, upload: true } }, "test");
    expect(call("q").give.map(({ key, phase }) => [key, phase])).toEqual([[made.key, "finish"]]);
  });
});

describe("rows of a removed image", () => {
  it("are cancelled when a worker calls, so that no run and no worker waits for them", () => {
    const { clock, sql, ledger, transactions, accept, order, call, ready, settle, leave, view, change, job } = setup();
    const [unclear = "", due = "", viewed = "", untouched = ""] = [1, 2, 3, 4].map((n) => `a/${n}-high.webp`);
    accept(unclear);
    const [go] = ready("o", call("o").give);
    settle("o", go!, UNCLEAR);
    leave("o");
    ledger.patchGate({ paused: { bulk: true } }, "test");
    view("v", viewed);
    leave("v");
    order({ run: "r", keys: [due, untouched, "b/400-high.webp"] });
    change(due, { due: clock.ms });
    const block = { id: "a", reason: "asked", who: "test", at: clock.ms };
    putRemoval(sql, { ...block, jobs: 0, focal: false, toldAt: null, objects: [], more: 0, checks: [] });
    ledger.patchGate({ paused: { bulk: false } }, "test");
    clock.advance(60);
    expect(ledger.getJob(job(due)?.job ?? "")?.waitingFor).toMatchObject({ code: "removed" });
    expect(call("p").give.map(({ key }) => key)).toEqual(["b/400-high.webp"]);
    expect([unclear, due, viewed, untouched].map((key) => job(key)?.state)).toEqual(Array(4).fill("cancelled"));
    settle("p", call("p", { room: 0 }).give[0] ?? { id: 0, gen: 0 }, { kind: "unposted" });
    leave("p");
    ledger.cancelRun("r", "test");
    clock.advance(60);
    expect(transactions.read(wakesDue)).toBe(0);
    expect(call("q")).toMatchObject({ give: [], stay: false });
  });
});
