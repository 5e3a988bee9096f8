import { describe, expect, it } from "vitest";
import { runActions } from "../ledger/testing/run-actions.ts";
import { PERMANENT, STORED, setup } from "../ledger/testing/setup.ts";
import { ANY_JOB, type JobFilter } from "./calls.ts";

const OPEN: JobFilter = { ...ANY_JOB, states: ["queued", "processing", "retrying"] };
const key = (id: string) => `${id}/400-high.webp`;

function world() {
  const made = setup();
  const { ledger, order } = made;
  const orderMany = (name: string, n: number) => {
    for (let from = 0; from < n; from += 1_000)
      order({ keys: Array.from({ length: Math.min(1_000, n - from) }, (_, at) => key(`${name}-${from + at}`)) });
  };
  const cancel = (match: JobFilter, rate: number | null = null) => {
    const made = ledger.createAction({ kind: "cancel", filter: {}, match, rate, who: "test" });
    return made !== null && "action" in made ? made : null;
  };
  const slices = () => runActions(ledger, (ms) => made.clock.advance(ms / 1_000));
  const states = () => ledger.stats().counts.bulk;
  return { ...made, orderMany, cancel, slices, states };
}

describe("an action over all that matches", () => {
  it("walks the table once in bounded slices, and ends", () => {
    const { orderMany, cancel, slices, states, ledger } = world();
    orderMany("a", 3_500);
    const action = cancel(OPEN);
    expect(action).toMatchObject({ total: 3_500, exact: true, done: 0, state: "running" });
    expect(slices()).toBe(2);
    expect(ledger.getAction({ action: action?.action ?? "" })).toMatchObject({
      done: 3_500,
      skipped: 0,
      state: "done",
    });
    expect(states()).toMatchObject({ queued: 0, cancelled: 3_500 });
  });

  it("counts exactly what lies beyond the first pages, and finds it", () => {
    const { sql, orderMany, cancel, slices, states } = world();
    orderMany("a", 11_500);
    const name = String(sql.exec("SELECT * FROM jobs").at(-1)?.grp);
    const match: JobFilter = { ...OPEN, text: [`${name}/`] };
    expect(cancel(match)).toMatchObject({ total: 1, exact: true });
    slices();
    expect(states()).toMatchObject({ cancelled: 1 });
    expect(cancel({ ...OPEN, lanes: ["live"] })).toBeNull();
  });

  it("tries again what a cancelled run has left, cancelled and dead: all of it is handed out", () => {
    const { ledger, order, call, settle, slices } = world();
    order({ run: "r", keys: [key("a"), key("b")] });
    const dead = call("o").give.find((given) => given.key === key("a"));
    settle("o", dead!, PERMANENT);
    call("o", { leave: true });
    ledger.cancelRun("r", "test");
    ledger.createAction({
      kind: "retry",
      filter: {},
      match: { ...ANY_JOB, states: ["dead", "cancelled"] },
      rate: null,
      who: "test",
    });
    slices();
    const { give } = call("p");
    expect(give.map((given) => given.key).toSorted()).toEqual([key("a"), key("b")]);
  });

  it("goes on at its rate, whatever is ordered after it", () => {
    const { clock, orderMany, cancel, slices, states } = world();
    orderMany("a", 40);
    cancel(OPEN, 10);
    clock.advance(1);
    orderMany("later", 1_000);
    for (let second = 0; second < 4; second += 1) {
      expect(slices()).toBe(1);
      expect(states().cancelled).toBe(10 * (second + 1));
      clock.advance(1);
    }
    slices();
    expect(states()).toMatchObject({ queued: 1_000, cancelled: 40 });
  });

  it("cancels nothing that was ordered after it: not what joined a row that stood there, nor what a clock that went back shows as older", () => {
    const { clock, order, orderMany, cancel, slices, states } = world();
    orderMany("a", 40);
    cancel(OPEN, 1);
    order({ run: "joins at once", keys: [key("a-1"), key("a-2")] });
    clock.advance(-20);
    order({ run: "joins", keys: [key("a-3")] });
    order({ run: "new", keys: [key("b")] });
    for (let second = 0; second < 80; second += 1) {
      slices();
      clock.advance(1);
    }
    expect(states()).toMatchObject({ queued: 4, cancelled: 37 });
  });

  it("leaves alone what it has acted on and what was ordered again since", () => {
    const { clock, ledger, order, cancel, slices, states } = world();
    order({ keys: [key("a"), key("b")] });
    cancel(OPEN, 1);
    slices();
    clock.advance(10);
    const [job] = ledger.listJobs({ filter: { ...ANY_JOB, states: ["cancelled"] }, cursor: null, limit: 1 }).jobs;
    expect(ledger.retryJob(job?.job ?? "", "test").status).toBe("ok");
    slices();
    clock.advance(10);
    slices();
    expect(states()).toMatchObject({ queued: 1, cancelled: 1 });
    const [action] = ledger.listActions({ cursor: null, limit: 1 }).actions;
    expect(action).toMatchObject({ state: "done", done: 2 });
  });
});

describe("a retry", () => {
  const DEAD: JobFilter = { ...ANY_JOB, states: ["dead"] };

  /** Forty dead letters, and a retry of them with a canary of five. */
  function retried() {
    const made = world();
    const { ledger, clock, orderMany, call, ready, settle, leave } = made;
    orderMany("a", 40);
    /** Ends all that goes in this second. */
    const end = (outcome: typeof STORED) => {
      clock.advance(1);
      const owner = `o${clock.ms}`;
      const go = ready(owner, call(owner).give).filter(({ phase }) => phase === "admitted");
      for (const given of go) settle(owner, given, outcome);
      leave(owner);
      return go.length;
    };
    while (end(PERMANENT) > 0);
    expect(made.states().dead).toBe(40);
    const wanted = { kind: "retry" as const, filter: {}, match: DEAD, rate: 100, canary: 5, who: "ops" };
    const action = () => ledger.getAction({ action: ledger.listActions({ limit: 1 }).actions[0]?.action ?? "" });
    const pass = () => {
      for (let n = 0; n < 4; n += 1) {
        clock.advance(2);
        made.slices();
      }
    };
    ledger.createAction(wanted);
    pass();
    return { ...made, end, action, pass };
  }

  it("tries five first, goes on once these are stored, and tells what became of all", () => {
    const { action, end, pass, ledger } = retried();
    expect(action()).toMatchObject({ state: "running", done: 5, canary: 5, outcome: { queued: 5, stored: 0 } });
    while (end(STORED) > 0);
    expect(action()).toMatchObject({ done: 5, outcome: { queued: 0, stored: 5 } });
    pass();
    while (end(STORED) > 0);
    expect(action()).toMatchObject({ state: "done", total: 40, done: 40, canary: 0, outcome: { stored: 40, dead: 0 } });
    expect(ledger.getRun({ run: action()?.run ?? "" })).toMatchObject({ who: "ops", state: "done" });
  });

  it("halts when one of the five dies again, and leaves the others dead", () => {
    const { action, end, pass, states } = retried();
    end(PERMANENT);
    while (end(STORED) > 0);
    pass();
    expect(action()).toMatchObject({ state: "halted", done: 5 });
    expect(action()?.outcome?.dead).toBeGreaterThan(0);
    expect(states().dead).toBe(35 + (action()?.outcome?.dead ?? 0));
  });
});

describe("by hand", () => {
  it("a job that waits for its next retry is tried now, and keeps its run and its attempts", () => {
    const { clock, ledger, granted, settle, retry, row } = setup();
    settle("o", granted("o", key("a")), {
      kind: "failed",
      class: "transient",
      failure: { code: "upstream_failed", message: "no" },
      external: "ended",
    });
    expect(row(key("a"))?.due).toBeGreaterThan(clock.ms);
    expect(retry(key("a")).status).toBe("ok");
    expect(row(key("a"))).toMatchObject({ due: clock.ms, attempts: 1 });
    expect(ledger.getRun({ run: "test" })?.states).toMatchObject({ retrying: 1 });
    expect(retry(key("a")).status).toBe("state");
  });
});
