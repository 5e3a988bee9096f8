import { describe, expect, it } from "vitest";
import { runActions } from "../../src/ledger/testing/run-actions.ts";
import { PERMANENT, STORED, setup } from "../../src/ledger/testing/setup.ts";

const keys = (name: string, n: number) => Array.from({ length: n }, (_, i) => `${name}-${i}/400-high.webp`);

/** One job a second, so that the order of the jobs is the order of the seconds. */
function world() {
  const made = setup({ gate: { ratePerSecond: 1, burst: 1 }, budget: { month: 1_000 } });
  const have = new Map<number, { id: number; gen: number; phase: "ready" }>();
  /** One worker goes on for some seconds. The runs or images of what it has stored, in order. */
  const work = (seconds: number, outcome = STORED): string[] => {
    const ended: string[] = [];
    for (let second = 0; second < seconds; second += 1, made.clock.advance(1)) {
      const { give, stop } = made.call("worker", { room: 40 - have.size, have: [...have.values()] });
      for (const { id } of stop) have.delete(id);
      for (const one of give) {
        have.set(one.id, { id: one.id, gen: one.gen, phase: "ready" });
        if (one.phase !== "admitted") continue;
        made.settle("worker", one, outcome);
        ended.push(one.key.split("-")[0] ?? "");
        have.delete(one.id);
      }
    }
    return ended;
  };
  const promote = (run: string, isFirst = true) => made.ledger.promoteRun(run, isFirst, "ops");
  const used = () => made.ledger.getGate().budget.usedByLane;
  return { ...made, work, promote, used };
}

describe("a run that was promoted", () => {
  it("goes before the other runs of its lane, and takes turns again when that is taken back", () => {
    const { order, work, promote, used } = world();
    order({ run: "old", keys: keys("old", 20) });
    order({ run: "new", keys: keys("new", 20) });
    expect(promote("new")).toMatchObject({ lane: "bulk", first: expect.any(Number) });
    expect(new Set(work(8))).toEqual(new Set(["new"]));
    expect(promote("new", false)).toMatchObject({ first: null });
    const later = work(20);
    expect([later.filter((run) => run === "old").length > 5, later.includes("new")]).toEqual([true, true]);
    expect(used()).toMatchObject({ live: 0, upload: 0 });
  });

  it("goes first with what it shares with an older run, in whose line that stands", () => {
    const { order, work, promote } = world();
    order({ run: "old", keys: [...keys("old", 20), ...keys("both", 6)] });
    order({ run: "new", keys: keys("both", 6) });
    promote("new");
    expect(new Set(work(6))).toEqual(new Set(["both"]));
  });

  it("goes first with what failed and is tried again, before other retries that are due longer", () => {
    const { order, work, promote, ledger, clock } = world();
    // More of them are due than one call looks at.
    order({ run: "old", keys: keys("old", 70) });
    order({ run: "new", keys: keys("new", 4) });
    work(80, PERMANENT);
    const match = { states: ["dead" as const], lanes: [], id: null, format: null, error: null, text: [] };
    const retry = (run: string) => {
      const made = ledger.createAction({
        kind: "retry",
        filter: {},
        rate: null,
        who: "ops",
        match: { ...match, run, fingerprint: null, jobs: null },
      });
      return made !== null && "action" in made ? (made.run ?? "") : "";
    };
    retry("old");
    const again = retry("new");
    runActions(ledger, (ms) => clock.advance(ms / 1_000));
    promote(again);
    expect(work(5)).toEqual(["new", "new", "new", "new"]);
  });

  it("stays behind uploads and viewers", () => {
    const { order, work, promote, view, leave } = world();
    order({ run: "bulk", keys: keys("bulk", 10) });
    promote("bulk");
    order({ run: "hook", lane: "upload", keys: keys("upload", 3) });
    view("v", ...keys("viewed", 1));
    leave("v");
    expect(work(5).toSorted()).toEqual(["upload", "upload", "upload", "viewed"]);
  });

  it("counts before each of its jobs and of others what goes before that", () => {
    const { order, promote, ledger, job, retry, work, clock } = world();
    order({ run: "failed", keys: keys("failed", 1) });
    work(2, PERMANENT);
    order({ run: "old", keys: keys("old", 3) });
    order({ run: "new", keys: keys("new", 2) });
    retry("failed-0/400-high.webp");
    clock.advance(1);
    promote("new");
    const before = (key: string) => ledger.getJob(job(key)?.job ?? "")?.waitingFor?.ahead;
    expect(keys("new", 2).map(before)).toEqual([0, 1]);
    // The job of no run takes turns with the older run.
    expect([...keys("failed", 1), ...keys("old", 2)].map(before)).toEqual([2, 2, 4]);
  });

  it("is open: one that is done or cancelled is refused, and one that nobody knows is none", () => {
    const { order, work, promote, ledger } = world();
    order({ run: "done", keys: keys("done", 1) });
    work(2);
    order({ run: "gone", keys: keys("gone", 1) });
    ledger.cancelRun("gone", "ops");
    expect([promote("done"), promote("gone"), promote("none")]).toEqual(["over", "over", null]);
  });

  it("writes one line of the log each way, and none where nothing changes", () => {
    const { order, promote, ledger } = world();
    order({ run: "new", keys: keys("new", 2) });
    for (const isFirst of [false, true, true, false, false]) promote("new", isFirst);
    const { entries } = ledger.listAudit({ limit: 10, cursor: null, search: "run." });
    expect(entries.map(({ what, details }) => [what, details])).toEqual([
      ["run.promote", { first: false }],
      ["run.promote", { first: true }],
    ]);
  });
});

describe("the budget is charged to whoever asked", () => {
  it("for a viewer who asks for what stands in bulk, and for nobody else's job of that run", () => {
    const { order, work, view, leave, used } = world();
    order({ run: "bulk", keys: keys("bulk", 3) });
    view("v", "bulk-1/400-high.webp");
    leave("v");
    work(5);
    expect(used()).toEqual({ live: 1, upload: 0, bulk: 2 });
  });

  it("for an operator who tries again what a viewer asked for", () => {
    const { work, view, leave, retry, used } = world();
    view("v", ...keys("viewed", 1));
    leave("v");
    work(2, PERMANENT);
    expect(used()).toEqual({ live: 1, upload: 0, bulk: 0 });
    retry("viewed-0/400-high.webp");
    work(2);
    expect(used()).toEqual({ live: 1, upload: 1, bulk: 0 });
  });
});
