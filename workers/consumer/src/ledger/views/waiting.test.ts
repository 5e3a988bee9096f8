import { expireLeases } from "@prewarm/durable-queue/testing";
import { describe, expect, it } from "vitest";
import { STORED, setup, TRANSIENT } from "../testing/setup.ts";

const key = (id: string) => `${id}/400-high.webp`;
const keys = (name: string, n: number) => Array.from({ length: n }, (_, at) => key(`${name}-${at}`));

/** A ledger, and why one of its jobs waits. */
function world(...given: Parameters<typeof setup>) {
  const made = setup(...given);
  const why = (of: string) => {
    const { waitingFor } = made.ledger.getJob(made.job(of)?.job ?? "") ?? {};
    return waitingFor === null || waitingFor === undefined ? null : [waitingFor.code, waitingFor.text];
  };
  return { ...made, why };
}

describe("a job says why it waits, as the ledger's next decision has it:", () => {
  it("a pause, by whom, since when, until when and why", () => {
    const { why, accept, ledger, clock } = world();
    accept(key("a"));
    ledger.patchGate({ paused: { bulk: { reason: "a migration", until: clock.ms + 600_000 } } }, "ops");
    expect(why(key("a"))).toEqual([
      "paused",
      "Lane bulk is paused since 2026-11-24T12:01Z by ops until 2026-11-24T12:11Z: a migration.",
    ]);
  });

  it("an open breaker and its next try, while another lane is paused", () => {
    const { why, granted, settle, accept, ledger } = world();
    ledger.patchGate({ paused: { upload: true } }, "ops");
    settle("o", granted("o", key("a")), { kind: "account", status: 402, message: "Payment required" });
    accept(key("b"));
    expect(why(key("b"))?.[1]).toMatch(/^The breaker is open \(.*402.*\); one job is tried at 2026-11-24T12:01Z\.$/);
  });

  it("a budget that is spent, until the month ends", () => {
    const { why, accept, ledger } = world();
    accept(key("a"));
    ledger.patchGate({ budget: { monthlyJobs: 0 } }, "ops");
    expect(why(key("a"))).toEqual(["budget", "The month's budget for warming is spent; more from 2026-12-01T00:00Z."]);
  });

  it("a death that it was at work in: it runs alone", () => {
    const { why, accept, call, clock, transactions } = world();
    accept(key("a"));
    call("o");
    for (let seconds = 0; seconds < 70; seconds += 10) {
      clock.advance(10);
      transactions.write(expireLeases);
    }
    expect(why(key("a"))).toEqual([
      "suspect",
      expect.stringMatching(/it runs alone, once a worker's hands are empty\.$/),
    ]);
  });

  it("its next retry", () => {
    const { why, granted, settle } = world();
    settle("o", granted("o", key("a")), TRANSIENT);
    expect(why(key("a"))?.[1]).toMatch(/^Retry 1 of \d+, in \d+ s\.$/);
  });

  it("its place in line, at what ended of late", () => {
    const { why, order, ledger, view, clock, transactions } = world();
    order({ run: "r", keys: keys("a", 30) });
    clock.advance(20);
    transactions.write((tx) => tx.statistics.count("stored"));
    const waiting = keys("a", 30).map((one) => why(one)?.[1] ?? "");
    expect(waiting.filter((text) => /^It is the next of bulk\./.test(text))).toHaveLength(1);
    expect(waiting.filter((text) => /^29 before it; at 3\.0\/min about 10 min\.$/.test(text))).toHaveLength(1);
    ledger.patchGate({ paused: { live: false } }, "ops");
    view("v", key("live"));
    expect(why(key("live"))?.[0]).not.toBe("line");
  });

  it("runs take turns, and a higher lane goes first", () => {
    const { order, ledger } = world();
    order({ run: "r", keys: keys("a", 10) });
    order({ run: "s", keys: keys("b", 10) });
    order({ run: "u", lane: "upload", keys: keys("c", 5) });
    const text = ledger.getRun({ run: "r" })?.waitingFor?.text;
    expect(text).toBe("10 jobs wait, in turn with another run of bulk. Too few jobs have ended yet.");
    expect(ledger.stats().waitingFor).toMatchObject({
      live: null,
      upload: { text: "5 jobs wait. Too few jobs have ended yet." },
      bulk: { text: "5 of higher lanes go first; 20 jobs wait. Too few jobs have ended yet.", ahead: 20 },
    });
    const aheads = keys("a", 10).map(
      (one) =>
        ledger.getJob(
          ledger.listJobs({
            filter: {
              states: [],
              lanes: [],
              run: null,
              id: one.split("/")[0] ?? "",
              format: null,
              error: null,
              text: [],
              fingerprint: null,
              jobs: null,
            },
            cursor: null,
            limit: 1,
          }).jobs[0]?.job ?? "",
        )?.waitingFor?.ahead ?? -1,
    );
    expect(Math.max(...aheads)).toBe(5 + 9 + 9);
    expect(Math.min(...aheads)).toBe(5);
  });

  it("Ittybit at work on it, and nothing once it has ended", () => {
    const { why, granted, submit, settle, clock } = world();
    const given = granted("o", key("a"));
    expect(why(key("a"))?.[0]).toBe("submitting");
    submit("o", given);
    clock.advance(12);
    expect(why(key("a"))).toEqual(["processing", "Ittybit works on it, for 12 s so far."]);
    settle("o", given, STORED);
    expect(why(key("a"))).toBeNull();
  });
});

describe("a run", () => {
  it("that only retries says how many and when the first", () => {
    const { granted, settle, ledger } = world();
    settle("o", granted("o", key("a")), TRANSIENT);
    expect(ledger.getRun({ run: "test" })?.waitingFor?.text).toMatch(
      /^1 job failed and is tried again, the first in \d+ s\.$/,
    );
  });

  it("keeps the items that were refused at the door, a page at a time", () => {
    const { ledger, order } = world();
    order({ run: "r", keys: [key("a")] });
    const item = (index: number) => ({ index, id: `bad ${index}`, code: "id_invalid", message: "x".repeat(1_000) });
    const finish = (id: string, from: number) =>
      ledger.finishDelivery({
        delivery: { id, chunks: 1, hash: "h" },
        run: "r",
        who: "ops",
        summary: {},
        rejected: { total: 1_200, first: [item(from), item(from + 1), item(from + 2)] },
      });
    for (const id of ["d1", "d1", "d2"]) finish(id, id === "d1" ? 0 : 10);
    expect(ledger.getRun({ run: "r" })).toMatchObject({ rejectedTotal: 2_400, who: "ops" });
    const seen: number[] = [];
    for (let cursor: string | null | undefined; cursor !== null; ) {
      const { rejected, nextCursor } = ledger.listRejected({ run: "r", cursor, limit: 2 });
      seen.push(...rejected.map(({ index }) => index));
      expect(rejected.every(({ message }) => message.length === 300)).toBe(true);
      cursor = nextCursor;
    }
    expect(seen).toEqual([0, 1, 2, 10, 11, 12]);
  });
});
