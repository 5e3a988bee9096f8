import { describe, expect, it } from "vitest";
import type { JobFilter } from "../contract.ts";
import { PERMANENT, setup } from "../testing/setup.ts";

const ANY: JobFilter = {
  ...{ states: [], lanes: [], run: null, id: null, format: null, error: null, text: [], fingerprint: null, jobs: null },
};
const OPEN: JobFilter = { ...ANY, states: ["queued", "processing", "retrying"] };
const key = (id: string) => `${id}/400-high.webp`;

function world() {
  const made = setup();
  const { ledger, steps, order } = made;
  const orderMany = (name: string, n: number) => {
    for (let from = 0; from < n; from += 1_000)
      order({ keys: Array.from({ length: Math.min(1_000, n - from) }, (_, at) => key(`${name}-${from + at}`)) });
  };
  const cancel = (match: JobFilter, rate: number | null = null) =>
    ledger.createAction({ kind: "cancel", filter: "{}", match, rate, who: "test" });
  /** Slices that were done at once. */
  const slices = () => {
    let n = 0;
    while (steps.actionSlice()) n += 1;
    return n;
  };
  const states = () => ledger.stats().counts.bulk;
  return { ...made, orderMany, cancel, slices, states };
}

describe("an action over all that matches", () => {
  it("walks the table once in bounded slices, and ends", () => {
    const { orderMany, cancel, slices, states, ledger } = world();
    orderMany("a", 3_500);
    const action = cancel(OPEN);
    expect(action).toMatchObject({ total: 3_500, exact: true, done: 0, state: "running" });
    expect(slices()).toBe(4);
    expect(ledger.getAction(action?.action ?? "")).toMatchObject({ done: 3_500, skipped: 0, state: "done" });
    expect(states()).toMatchObject({ queued: 0, cancelled: 3_500 });
  });

  it("is made though what matches lies beyond what was counted, and finds it", () => {
    const { sql, orderMany, cancel, slices, states } = world();
    orderMany("a", 11_500);
    const last = String(sql.exec("SELECT key FROM jobs ORDER BY id DESC LIMIT 1")[0]?.key);
    const [name = ""] = last.split("/");
    const match: JobFilter = { ...OPEN, text: [`${name}/`] };
    expect(cancel(match)).toMatchObject({ total: 0, exact: false });
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
      ...{ kind: "retry", filter: "{}", match: { ...ANY, states: ["dead", "cancelled"] }, rate: null, who: "test" },
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

  it("leaves alone what it has acted on and what was ordered again since", () => {
    const { clock, ledger, order, cancel, slices, states } = world();
    order({ keys: [key("a"), key("b")] });
    cancel(OPEN, 1);
    slices();
    clock.advance(10);
    const [job] = ledger.listJobs({ filter: { ...ANY, states: ["cancelled"] }, cursor: null, limit: 1 }).jobs;
    expect(ledger.retryJob(job?.job ?? "", "test").status).toBe("ok");
    slices();
    clock.advance(10);
    slices();
    expect(states()).toMatchObject({ queued: 1, cancelled: 1 });
    const [action] = ledger.listActions({ cursor: null, limit: 1 }).actions;
    expect(action).toMatchObject({ state: "done", done: 2 });
  });
});
