import { NOTHING } from "@prewarm/durable-queue";
import { observe, workOf } from "@prewarm/durable-queue/testing";
import { describe, expect, it } from "vitest";
import type { VariantOutcome } from "../../src/images/calls.ts";
import { STORED, setup } from "../../src/ledger/testing/setup.ts";

const keyOf = (n: number) => `picture${n}/400-high.webp`;

function unfetched(due: number, more: { code?: string; status?: number } = {}): VariantOutcome {
  const { code = "output_unreachable", status = 503 } = more;
  return { kind: "pending", due, unfetched: { code, status, message: `store.example.net answered HTTP ${status}` } };
}

/** A ledger with jobs that are done, in this owner's hands. */
function world(jobs: number) {
  const made = setup();
  const { granted, submit, ended, settle, clock, call } = made;
  const done = Array.from({ length: jobs }, (_, n) => granted("o", keyOf(n)));
  for (const [n, go] of done.entries()) submit("o", go, `job${n}`);
  ended(...done.map((_, n) => `job${n}`));
  /** Every job's result is refused once more. */
  const refuseNow = (more = {}) => {
    for (const { id, gen } of done) settle("o", { id, gen }, unfetched(clock.ms + 5_000, more));
  };
  /** The same; then five seconds pass, and the owner calls. */
  const refuse = (more = {}) => {
    refuseNow(more);
    clock.advance(5);
    return call("o").give;
  };
  const breaker = () => made.ledger.getGate().breaker;
  return { ...made, done, refuse, refuseNow, breaker };
}

describe("a result that cannot be fetched", () => {
  it("is given out again when it is due, with the time of the first refusal, also by another instance of the ledger", () => {
    const { done, refuse, clock, evict, row, leave } = world(1);
    const since = clock.ms;
    expect(refuse()).toMatchObject([{ gen: done[0]?.gen, phase: "finish", unfetchedSince: since }]);
    expect(refuse()).toMatchObject([{ unfetchedSince: since }]);
    expect(row(keyOf(0))).toMatchObject({ attempts: 0, gen: done[0]?.gen });
    leave("o");
    const engine = evict();
    engine.transactions.write((tx) =>
      observe(tx, {
        ...NOTHING,
        ended: [
          {
            id: "job0",
            status: "done",
            said: "succeeded",
            known: true,
            output: "https://out.example/o",
            error: null,
            metadata: {},
            input: null,
            createdAt: null,
            finishedAt: null,
          },
        ],
      }),
    );
    const said = { first: true, role: "work" as const, room: 10, have: [], asks: [], submitted: [], settled: [] };
    const answer = engine.exchange({ owner: "later", leave: false, ...said });
    expect(answer).toMatchObject({ give: [{ phase: "finish", unfetchedSince: since }] });
  });

  it("alone opens no breaker, however long it lasts", () => {
    const { refuse, breaker, made } = world(1);
    made("stored/400-high.webp");
    for (let turn = 0; turn < 60; turn += 1) refuse({ code: "output_private", status: 403 });
    expect(breaker().state).toBe("closed");
  });

  it("with two others, for half a minute in which none was stored, opens the breaker, which names host and answer", () => {
    const { refuse, refuseNow, breaker } = world(3);
    for (let turn = 0; turn < 6; turn += 1) {
      refuse();
      expect(breaker().state).toBe("closed");
    }
    refuseNow();
    expect(breaker()).toMatchObject({
      state: "open",
      status: null,
      reason: "No result can be fetched: store.example.net answered HTTP 503",
    });
  });

  it("with two others opens none while other results are stored", () => {
    const { refuse, breaker, settle, granted } = world(3);
    for (let turn = 0; turn < 20; turn += 1) {
      refuse();
      settle("o", granted("o", `stored${turn}/400-high.webp`), STORED);
    }
    expect(breaker().state).toBe("closed");
  });

  it("opens the breaker at once when it is private and the deployment has stored nothing yet", () => {
    const { refuseNow, breaker } = world(1);
    refuseNow({ code: "output_private", status: 403 });
    expect(breaker()).toMatchObject({ state: "open", reason: expect.stringContaining("HTTP 403") });
  });
});

describe("a breaker that is open because no result can be fetched", () => {
  function opened() {
    const one = world(3);
    for (let turn = 0; turn < 6; turn += 1) one.refuse();
    one.refuseNow();
    expect(one.breaker().state).toBe("open");
    return one;
  }

  it("lets one result be tried when its wait is over, whoever asks, and none while that is under way", () => {
    const { call, leave, clock, settle, breaker, transactions } = opened();
    const work = () => transactions.read(workOf).now;
    for (const seconds of [5, 10, 20, 40, 60, 60]) {
      const at = breaker().probeAt ?? 0;
      expect(at - clock.ms).toBe(seconds * 1_000);
      clock.ms = at - 1;
      expect([call(`p${at}`).give, work()]).toEqual([[], 0]);
      leave(`p${at}`);
      clock.ms = at;
      expect(work()).toBe(1);
      const { give } = call(`q${at}`);
      expect(give).toMatchObject([{ phase: "finish" }]);
      expect([call(`r${at}`).give, work()]).toEqual([[], 0]);
      leave(`r${at}`);
      settle(`q${at}`, give[0]!, unfetched(clock.ms + 5_000));
      leave(`q${at}`);
    }
  });

  it("keeps the results back of jobs that end meanwhile in a worker's hands", () => {
    const one = world(3);
    const late = one.granted("late", "late/400-high.webp");
    one.submit("late", late, "late");
    for (let turn = 0; turn < 6; turn += 1) {
      one.refuse();
      one.call("late", { room: 0, have: [{ ...late, phase: "watch" }] });
    }
    one.refuseNow();
    one.ended("late");
    const told = () => one.call("late", { room: 0, have: [{ ...late, phase: "watch" }] }).give;
    expect([one.breaker().state, told()]).toEqual(["open", []]);
    one.clock.advance(31);
    expect(told()).toMatchObject([{ phase: "finish" }]);
  });

  it("is closed by the first result that is stored, and then all are fetched again", () => {
    const { settle, breaker, call, clock } = opened();
    clock.advance(31);
    settle("p", call("p").give[0]!, STORED);
    expect(breaker().state).toBe("closed");
    expect(call("q").give).toHaveLength(2);
  });

  it("has another result tried at once where a try ends without a word about the host", () => {
    const { settle, call, clock } = opened();
    clock.advance(31);
    settle("p", call("p").give[0]!, { kind: "pending", due: clock.ms + 90_000 });
    expect(call("q").give).toHaveLength(1);
  });

  it("waits for the next try also where a result was given up after ten minutes", () => {
    const { settle, call, clock, breaker } = opened();
    clock.advance(31);
    const failure = { code: "output_unreachable", message: "store.example.net answered HTTP 503" };
    settle("p", call("p").give[0]!, { kind: "failed", class: "transient", failure, external: "ended" });
    expect(breaker()).toMatchObject({ state: "open", probeAt: clock.ms + 10_000 });
    expect(call("q").give).toEqual([]);
  });

  it("tries a kept result, which is paid for, before a new job", () => {
    const { accept, clock, call, ready } = opened();
    clock.advance(31);
    accept("new/400-high.webp");
    const given = ready(
      "p",
      call("p").give.filter(({ phase }) => phase === "standby"),
    );
    expect(given.filter(({ phase }) => phase === "admitted")).toEqual([]);
  });

  it("is said of the jobs that are made and wait for it", () => {
    const { job, ledger } = opened();
    expect(ledger.getJob(job(keyOf(0))?.job ?? "")?.waitingFor).toMatchObject({
      code: "breaker",
      text: expect.stringMatching(
        /^Ittybit has made it\. The breaker is open \(No result can be fetched: .* one job is tried/,
      ),
    });
  });

  it("is not closed because Ittybit takes and ends the probe", () => {
    const { accept, clock, call, ready, submit, ended, breaker, settle, cancel } = opened();
    // No kept result is left to be tried.
    for (const n of [0, 1, 2]) cancel(keyOf(n));
    clock.advance(31);
    accept("probe/400-high.webp");
    const [probe] = ready("p", call("p").give).filter(({ phase }) => phase === "admitted");
    submit("p", probe!, "probe");
    ended("probe");
    expect(breaker().state).not.toBe("closed");
    const { probeAt } = breaker();
    settle("p", probe!, unfetched(clock.ms + 5_000));
    expect(breaker().probeAt).toBeGreaterThan(probeAt ?? 0);
  });

  it("is judged afresh once an operator has closed it", () => {
    const { ledger, refuse, refuseNow, breaker, call, clock } = opened();
    ledger.patchGate({ breaker: { state: "closed" } }, "operator");
    clock.advance(5);
    call("o");
    for (let turn = 0; turn < 6; turn += 1) {
      refuse();
      expect(breaker().state).toBe("closed");
    }
    refuseNow();
    expect(breaker().state).toBe("open");
  });
});
