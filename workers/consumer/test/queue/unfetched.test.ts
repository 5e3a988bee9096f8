import type { Outcome } from "@prewarm/durable-queue/calls";
import { observe } from "@prewarm/durable-queue/claims/observe";
import { NOTHING } from "@prewarm/durable-queue/external-jobs";
import { describe, expect, it } from "vitest";
import { STORED, setup } from "../../src/ledger/testing/setup.ts";

const keyOf = (n: number) => `picture${n}/400-high.webp`;

function unfetched(due: number, more: { code?: string; status?: number } = {}): Outcome {
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
  const refuse = (more = {}) => {
    for (const { id, gen } of done) settle("o", { id, gen }, unfetched(clock.ms + 5_000, more));
    clock.advance(5);
    return call("o").give;
  };
  const breaker = () => made.ledger.getGate().breaker;
  return { ...made, done, refuse, breaker };
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
            ...{ id: "job0", status: "done", said: "succeeded", known: true, output: "https://out.example/o" },
            ...{ error: null, metadata: {}, input: null, createdAt: null, finishedAt: null },
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
    const { refuse, breaker } = world(3);
    for (let turn = 0; turn < 6; turn += 1) {
      refuse();
      expect(breaker().state).toBe("closed");
    }
    refuse();
    expect(breaker()).toMatchObject({
      ...{ state: "open", status: null },
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
    const { refuse, breaker } = world(1);
    refuse({ code: "output_private", status: 403 });
    expect(breaker()).toMatchObject({ state: "open", reason: expect.stringContaining("HTTP 403") });
  });
});

describe("a breaker that is open because no result can be fetched", () => {
  function opened() {
    const one = world(3);
    for (let turn = 0; turn < 7; turn += 1) one.refuse();
    expect(one.breaker().state).toBe("open");
    return one;
  }

  it("is closed by the first result that is stored, which needs no probe", () => {
    const { done, settle, breaker } = opened();
    settle("o", done[0]!, STORED);
    expect(breaker().state).toBe("closed");
  });

  it("is not closed because Ittybit takes and ends the probe", () => {
    const { accept, clock, call, ready, submit, ended, breaker, settle } = opened();
    clock.advance(31);
    accept("probe/400-high.webp");
    const [probe] = ready("p", call("p").give).filter(({ phase }) => phase === "go");
    submit("p", probe!, "probe");
    ended("probe");
    expect(breaker().state).not.toBe("closed");
    const { probeAt } = breaker();
    settle("p", probe!, unfetched(clock.ms + 5_000));
    expect(breaker().probeAt).toBeGreaterThan(probeAt ?? 0);
  });

  it("is judged afresh once an operator has closed it", () => {
    const { ledger, refuse, breaker } = opened();
    ledger.patchGate({ breaker: { state: "closed" } }, "operator");
    for (let turn = 0; turn < 6; turn += 1) {
      refuse();
      expect(breaker().state).toBe("closed");
    }
    refuse();
    expect(breaker().state).toBe("open");
  });
});
