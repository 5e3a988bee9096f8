import { openExternally } from "@prewarm/durable-queue";
import { expireLeases } from "@prewarm/durable-queue/testing";
import { describe, expect, it } from "vitest";
import { withKeys } from "../../src/ledger/testing/keys.ts";
import { type Answer, STORED, setup } from "../../src/ledger/testing/setup.ts";

const A = "a/1-high.webp";
const B = "b/1-high.webp";
const C = "c/1-high.webp";
const UNCLEAR = { kind: "unclear", failure: { code: "upstream_unreachable", message: "no answer" } } as const;
const phases = ({ give }: Pick<Answer, "give">) => give.map(({ key, phase }) => `${key} ${phase}`).toSorted();

describe("a worker", () => {
  it("is given what waits to be looked at, may POST what it says is ready, and stores it", () => {
    const { accept, call, ready, submit, ended, settle, row, ledger, job } = setup();
    accept(A);
    const looked = call("o");
    expect(phases(looked)).toEqual([`${A} standby`]);
    const [go] = ready("o", looked.give);
    expect(go).toMatchObject({ key: A, phase: "admitted", first: true, grantedAt: expect.any(Number) });
    submit("o", go!, "j1");
    ended("j1");
    const { give } = call("o", { have: [{ id: go!.id, gen: go!.gen, phase: "watch" }] });
    expect(give).toMatchObject([{ key: A, phase: "finish", job: "j1", sight: { id: "j1", status: "done" } }]);
    settle("o", go!, STORED);
    expect(row(A)).toBeNull();
    expect(job(A)).toMatchObject({ state: "stored", bytes: 10 });
    expect(ledger.stats().counts.bulk).toMatchObject({ stored: 1, queued: 0, processing: 0 });
  });

  it("is told what a job and its run are called, and that a viewer's has none", () => {
    const { accept, call, view, job } = setup();
    accept(A);
    view("v", C);
    call("v", { role: "urgent", leave: true, settled: [] });
    const names = call("o").give.map(({ key, name, run: of }) => [key, name, of]);
    expect(names).toEqual(expect.arrayContaining([A, C].map((key) => [key, job(key)?.job, key === A ? "test" : null])));
  });

  it("is told which jobs a viewer waits for, also when the view came last", () => {
    const { accept, call, view, ready } = setup();
    accept(A, B);
    view("v", C);
    call("v", { role: "urgent", leave: true, settled: [] });
    const looked = call("o").give;
    expect(looked.filter(({ urgent }) => urgent).map(({ key }) => key)).toEqual([C]);
    view("w", A);
    const gone = ready("o", looked);
    expect(
      gone
        .filter(({ urgent }) => urgent)
        .map(({ key }) => key)
        .toSorted(),
    ).toEqual([A, C]);
  });

  it("holds at most as many as it has room for, and nothing new when it drains", () => {
    const { order, call } = setup();
    order({ keys: Array.from({ length: 60 }, (_, n) => `i${n}/1-high.webp`) });
    expect(call("o", { room: 3 }).give).toHaveLength(3);
    expect(call("p", { room: 0 }).give).toEqual([]);
  });

  it("shares fresh rows with others: nobody is given what somebody holds", () => {
    const { order, call } = setup();
    order({ keys: Array.from({ length: 30 }, (_, n) => `i${n}/1-high.webp`) });
    const given = ["o", "p", "q"].flatMap((owner) => call(owner, { room: 5 }).give.map(({ key }) => key));
    expect(new Set(given).size).toBe(given.length);
    expect(given).toHaveLength(15);
  });

  it("takes runs in turn, so that a large one does not hold up a small one", () => {
    const { order, call } = setup();
    order({ run: "large", keys: Array.from({ length: 500 }, (_, n) => `l${n}/1-high.webp`) });
    order({ run: "small", keys: [A] });
    expect(call("o", { room: 10 }).give.map(({ key }) => key)).toContain(A);
  });

  it("leaves what it has POSTed to the next one, who is told once it has ended", () => {
    const { granted, submit, leave, call, ended } = setup();
    const go = granted("o", A);
    submit("o", go, "j1");
    leave("o");
    expect(call("p").give).toEqual([]);
    ended("j1");
    expect(call("p").give).toMatchObject([{ key: A, gen: go.gen, phase: "finish", first: false }]);
  });

  it("tells the poller when the service made a job, as its owner heard; null where it did not", () => {
    const { granted, call, transactions } = setup();
    const go = granted("o", A);
    const open = () => transactions.read(openExternally);
    call("o", { room: 0, submitted: [{ id: go.id, gen: go.gen, job: "j1", createdAt: 77 }] });
    expect(open()).toMatchObject([{ job: "j1", createdAt: 77 }]);
  });

  it("asks the owner for the id of its job again after an eviction, and makes no second job", () => {
    const { granted, submit, evict } = setup();
    const go = granted("o", A);
    submit("o", go, "j1");
    const later = evict();
    const watch = { id: go.id, gen: go.gen, phase: "watch" as const };
    const call = (submitted: { id: number; gen: number; job: string }[]) =>
      withKeys(
        later.exchange({
          owner: "o",
          first: false,
          role: "work",
          room: 0,
          have: [watch],
          asks: [],
          settled: [],
          leave: false,
          submitted,
        }),
      );
    expect(call([])).toMatchObject({
      give: [{ key: A, gen: go.gen, phase: "admitted", job: null, first: true }],
      stop: [],
    });
    expect(later.transactions.read(openExternally)).toEqual([]);
    expect(call([{ id: go.id, gen: go.gen, job: "j1" }])).toMatchObject({ give: [] });
    expect(later.transactions.read(openExternally)).toMatchObject([{ job: "j1", gen: go.gen }]);
    expect(later.getGate().slots).toBe(1);
  });

  it("ends an orphaned claim whose row has gone on, as after a rollback of the code", () => {
    const { granted, leave, change, evict, abandoned } = setup();
    const go = granted("o", A);
    leave("o");
    change(A, { gen: go.gen + 1 });
    const later = evict();
    const request = { owner: "p", first: true, role: "work" as const, room: 5, have: [], asks: [] };
    const answer = withKeys(later.exchange({ ...request, submitted: [], settled: [], leave: false }));
    expect(answer).toMatchObject({ give: [{ key: A, gen: go.gen + 1, phase: "standby" }] });
    expect(abandoned()).toMatchObject([{ gen: go.gen, job: null }]);
  });

  it("asks under a new key what was granted a day ago, since Ittybit has forgotten the old one", () => {
    const { granted, leave, call, clock, abandoned } = setup();
    const go = granted("o", A);
    leave("o");
    clock.advance(24 * 3_600);
    call("p");
    const { give } = call("p");
    expect(give).toMatchObject([{ key: A, phase: "standby" }]);
    expect(give[0]?.gen).toBeGreaterThan(go.gen);
    expect(abandoned()).toMatchObject([{ gen: go.gen }]);
  });
});

describe("the gate", () => {
  it("takes a slot at the POST and frees it when the job is seen to end, not when it is stored", () => {
    const { granted, submit, slots, ended, accept, call } = setup({ gate: { concurrency: 2 } });
    const go = granted("o", A);
    expect(slots()).toBe(1);
    submit("o", go, "j1");
    accept(B);
    // Bulk leaves one slot of two to viewers.
    const [standby] = call("p").give;
    expect(call("p", { have: [{ ...standby!, phase: "ready" }] }).give).toEqual([]);
    ended("j1");
    expect(slots()).toBe(0);
    expect(call("p", { have: [{ ...standby!, phase: "ready" }] }).give).toMatchObject([{ key: B, phase: "admitted" }]);
  });

  it("counts half of the slots whose jobs nobody has told, those too that the same call gives up", () => {
    const { view, leave, change, call } = setup({ gate: { concurrency: 2 } });
    const [first, second] = [view("v", A), view("w", B)].map(({ give }) => give[0]!);
    for (const owner of ["v", "w"]) leave(owner);
    for (const { key, gen } of [first!, second!]) change(key, { gen: gen + 1 });
    expect(phases(call("p", { role: "urgent", room: 2 }))).toEqual([`${A} admitted`, `${B} standby`]);
  });

  it("counts every granted job as running after an eviction, since the sights are lost", () => {
    const { granted, submit, ended, slots, evict } = setup();
    submit("o", granted("o", A), "j1");
    ended("j1");
    expect(slots()).toBe(0);
    expect(evict().getGate().slots).toBe(1);
  });

  it("lets viewers go first when tokens are short", () => {
    const { order, call, view, clock } = setup({ gate: { ratePerSecond: 1, burst: 1 } });
    order({ keys: [A, B] });
    const { give } = call("o");
    const have = give.map(({ id, gen }) => ({ id, gen, phase: "ready" as const }));
    expect(phases(call("o", { have }))).toHaveLength(1);
    view("v", C);
    clock.advance(1);
    expect(call("o", { have }).give.filter(({ key }) => key === B)).toEqual([]);
    expect(call("v", { role: "urgent", room: 0 }).give).toMatchObject([{ key: C, phase: "admitted" }]);
  });
});

describe("what R2 already holds", () => {
  it("costs neither a token nor a slot: four hundred variants are through within the bucket of one", () => {
    const { ledger, accept, call, settle, clock, slots, sql } = setup({ gate: { ratePerSecond: 1, burst: 1 } });
    accept(...Array.from({ length: 400 }, (_, n) => `p${n}/400-high.webp`));
    const since = clock.ms;
    for (let calls = 0; ledger.stats().rows > 0 && calls < 500; calls += 1) {
      const { give } = call("o");
      expect(slots()).toBe(0);
      for (const one of give) settle("o", one, { kind: "present", objectGen: one.gen, bytes: 1, posted: false });
      clock.ms += 100;
    }
    expect(sql.exec("SELECT * FROM jobs")).toEqual([]);
    expect(clock.ms - since).toBeLessThan(60_000);
    expect(ledger.getGate().budget.used).toBe(0);
  });
});

describe("a viewer's handler", () => {
  it("may POST at once what it asks for, and is given nothing else", () => {
    const { accept, view, row } = setup();
    accept(A);
    expect(phases(view("v", B))).toEqual([`${B} admitted`]);
    expect(row(B)).toMatchObject({ lane: 0 });
  });

  it("is given what a bulk run waits for, in the viewers' lane from now on", () => {
    const { accept, view, row } = setup();
    accept(A);
    expect(phases(view("v", A))).toEqual([`${A} admitted`]);
    expect(row(A)).toMatchObject({ lane: 0 });
  });

  it("asks for nothing when the variant was stored since the miss", () => {
    const { made, call, clock, row } = setup();
    const at = clock.ms;
    clock.advance(1);
    made(A);
    call("v", { role: "urgent", room: 0, asks: [{ key: A, at }] });
    expect(row(A)).toBeNull();
    clock.advance(1);
    call("v", { role: "urgent", room: 0, asks: [{ key: A, at: clock.ms }] });
    expect(row(A)).not.toBeNull();
  });

  it("makes no row while its lane is closed", () => {
    const { ledger, view, row } = setup();
    ledger.patchGate({ paused: { live: true } }, "test");
    expect(view("v", A).give).toEqual([]);
    expect(row(A)).toBeNull();
  });
});

describe("a lease", () => {
  it("that is lost does not keep a job from being known", () => {
    const { granted, ask, clock, transactions, ended, call } = setup();
    const go = granted("o", A);
    clock.advance(61);
    transactions.write(expireLeases);
    expect(ask("o", { submitted: [{ id: go.id, gen: go.gen, job: "j1" }] })).toEqual({ status: "lost" });
    ended("j1");
    expect(call("p").give).toMatchObject([{ key: A, phase: "finish", job: "j1" }]);
  });
});

describe("a repeated call", () => {
  it("counts a failure once, also when its owner has got the same generation again meanwhile", () => {
    const { granted, call, clock, row } = setup();
    const { id, gen } = granted("o", A);
    const report = { seq: 10, settled: [{ id, gen, outcome: UNCLEAR }] };
    call("o", report);
    clock.advance(5);
    const again = [{ id, gen, phase: "admitted" }];
    expect(call("o", { seq: 11 }).give).toMatchObject(again);
    call("o", report);
    expect(row(A)).toMatchObject({ attempts: 1, unclear: 1 });
    expect(call("o", { seq: 12 }).give).toMatchObject(again);
  });

  it("counts a failure once, also to a new instance, because that call never got the job again", () => {
    const { granted, call, clock, row, evict } = setup();
    clock.random = () => 0;
    const { id, gen } = granted("o", A);
    const report = { seq: 10, settled: [{ id, gen, outcome: UNCLEAR }] };
    expect(call("o", report).give).toEqual([]);
    const request = { owner: "o", first: false, role: "work" as const, room: 40, have: [], asks: [] };
    evict().exchange({ ...request, ...report, submitted: [], leave: false });
    expect(row(A)).toMatchObject({ attempts: 1, unclear: 1 });
  });
});
