import type { Assignment } from "@prewarm/durable-queue";
import { wakesDue } from "@prewarm/durable-queue/testing";
import { describe, expect, it } from "vitest";
import type { VariantOutcome } from "../../src/images/calls.ts";
import { setup } from "../../src/ledger/testing/setup.ts";

const FORBIDDEN: VariantOutcome = {
  kind: "failed",
  class: "transient",
  failure: { code: "original_unreachable", message: "the origin answered HTTP 403", httpStatus: 403 },
  external: "none",
  origin: true,
};
const SENTENCE = "originals.example fails (the origin answered HTTP 403); one job is tried at ";

const keysOf = (name: string, n: number) => Array.from({ length: n }, (_, at) => `${name}${at}/400-high.webp`);

/** A ledger whose one origin has failed for twenty images of an upload, and for four that were in hands already. */
function failing() {
  const made = setup({
    sources: [
      { prefix: "", url: "https://originals.example/{id}" },
      { prefix: "other/", url: "https://other.example/{id}" },
    ],
  });
  const { order, call, settle } = made;
  const keys = keysOf("failed", 24);
  order({ run: "u", lane: "upload", keys });
  for (let given = call("o").give; given.length > 0; given = call("o").give)
    for (const one of given) settle("o", one, FORBIDDEN);
  const pause = () => made.ledger.getGate().reasons.find(({ code }) => code === "origin");
  return { ...made, keys, pause };
}

describe("an origin that fails for twenty images in a row", () => {
  it("is asked by one job after 30 s, and by none while that is under way", () => {
    const { order, call, clock, pause } = failing();
    order({ run: "more", keys: keysOf("more", 5) });
    expect(pause()).toMatchObject({ lane: null, until: clock.ms + 30_000, message: expect.stringContaining(SENTENCE) });
    expect(call("o").give).toEqual([]);
    clock.advance(31);
    expect(call("o").give).toHaveLength(1);
    expect([call("o", { have: [] }).give.length, call("p").give.length]).toEqual([1, 0]);
  });

  it("has answered for an input that it was asked for, and not for a copy that was there already", () => {
    for (const copy of [true, false]) {
      const { order, call, settle, ledger } = setup();
      order({ run: "u", lane: "upload", keys: keysOf("failed", 21) });
      const [first, ...others] = call("o").give;
      const fail = (some: readonly Assignment[]) => {
        for (const one of some) settle("o", one, FORBIDDEN);
      };
      fail(others.slice(0, 19));
      call("o", { have: [{ ...first!, phase: "ready", copy }] });
      fail(others.slice(19));
      fail(call("o", { have: [] }).give);
      const isPaused = ledger.getGate().reasons.some(({ code }) => code === "origin");
      expect([copy, isPaused]).toEqual([copy, copy]);
    }
  });

  it("waits twice as long after each probe that fails, and each probe is another job", () => {
    const { order, call, leave, settle, clock, pause, attempts, keys } = failing();
    order({ run: "more", keys: keysOf("more", 1) });
    for (const seconds of [30, 60, 120, 240, 480, 600, 600]) {
      expect(pause()?.until).toBe(clock.ms + seconds * 1_000);
      clock.advance(seconds - 1);
      expect(call(`q${clock.ms}`).give).toEqual([]);
      leave(`q${clock.ms}`);
      clock.advance(1.01);
      const given = call(`p${clock.ms}`).give;
      expect(given).toHaveLength(1);
      settle(`p${clock.ms}`, given[0]!, FORBIDDEN);
    }
    expect(Math.max(...keys.map((key) => attempts(key).length))).toBe(2);
  });

  it("is free for all once the probe is ready, and once it says that an image is missing", () => {
    const refused: VariantOutcome = {
      kind: "refused",
      code: "missing",
      until: Number.MAX_SAFE_INTEGER,
      message: "none",
    };
    for (const answer of ["ready", "refused"]) {
      const { order, call, ready, settle, clock, pause } = failing();
      order({ run: "more", keys: keysOf("more", 5) });
      clock.advance(31);
      const [probe] = call("p").give;
      const { give } = answer === "ready" ? { give: ready("p", [probe!]) } : settle("p", probe!, refused);
      expect(pause()).toBeUndefined();
      const next = [...give, ...call("q").give].filter(({ phase }) => phase === "standby");
      expect(next).toHaveLength(4);
    }
  });

  it("is tried by another job when a probe ends without a word about it, or its handler leaves", () => {
    const { call, settle, leave, clock } = failing();
    clock.advance(60);
    settle("p", call("p").give[0]!, { kind: "pending", due: clock.ms + 900_000 });
    expect(call("p").give).toHaveLength(1);
    expect(call("q").give).toEqual([]);
    leave("q");
    leave("p");
    expect(call("r").give).toHaveLength(1);
  });

  it("is left alone by viewers' misses too, which wake no worker", () => {
    const { order, view, call, ready, transactions, clock, job, ledger } = failing();
    expect(view("v", "missed/400-high.webp").give).toEqual([]);
    const name = job("missed/400-high.webp")?.job ?? "";
    expect(ledger.getJob(name)?.waitingFor).toMatchObject({ code: "origin", text: expect.stringContaining(SENTENCE) });
    order({ run: "more", keys: keysOf("more", 5) });
    call("w");
    clock.advance(1);
    expect(transactions.write(wakesDue)).toBe(0);
    clock.advance(30);
    const given = call("w").give;
    expect(given.map(({ key }) => key)).toEqual(["missed/400-high.webp"]);
    expect(ready("w", given).filter(({ phase }) => phase === "admitted")).toHaveLength(1);
  });

  it("keeps no job of another origin from going, though viewers wait for its own", () => {
    const { order, view, call, clock } = failing();
    clock.advance(60);
    const probe = call("p").give.map((one) => ({ ...one, phase: "standby" as const }));
    view("v", "missed/400-high.webp");
    order({ run: "more", keys: keysOf("other%2Fpicture", 3) });
    const ready = call("p", { have: probe }).give.map((one) => ({ ...one, phase: "ready" as const }));
    const { give } = call("p", { have: [...probe, ...ready] });
    expect(give.map(({ key, phase }) => [key.split("/")[0], phase])).toEqual(
      [0, 1, 2].map((n) => [`other%2Fpicture${n}`, "admitted"]),
    );
  });

  it("is left alone after an eviction, and asked at once by an operator's retry", () => {
    const { evict, call, clock, retry, keys, ledger } = failing();
    const later = evict();
    const request = { owner: "late", first: true, role: "work" as const, room: 40, have: [], asks: [] };
    clock.advance(29);
    expect(later.exchange({ ...request, submitted: [], settled: [], leave: false })).toMatchObject({ give: [] });
    expect(ledger.stats().troubles.map(({ key }) => key)).toContain("origin.originals.example");
    expect(retry(keys[7]!).status).toBe("ok");
    expect(call("o").give.map(({ key }) => key)).toEqual([keys[7]]);
  });
});

it("one image that is refused pauses nobody, and neither do few within ten seconds", () => {
  for (const [images, seconds, paused] of [
    [1, 60, false],
    [3, 9, false],
    [3, 10, true],
  ] as const) {
    const { order, call, settle, clock, ledger } = setup();
    order({ run: "u", lane: "upload", keys: keysOf("failed", images) });
    const given = call("o").give;
    for (const one of given.slice(1)) settle("o", one, FORBIDDEN);
    if (given.length > 1) clock.advance(seconds);
    settle("o", given[0]!, FORBIDDEN);
    expect(ledger.getGate().reasons.some(({ code }) => code === "origin")).toBe(paused);
  }
});
