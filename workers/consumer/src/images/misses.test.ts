import { DEAD, WAITING } from "@prewarm/durable-queue";
import { outboxDue } from "@prewarm/durable-queue/testing";
import { describe, expect, it } from "vitest";
import { gateChanged } from "../ledger/gate-file.ts";
import { STORED, setup, T0, TRANSIENT } from "../ledger/testing/setup.ts";
import type { Overrides } from "../ledger/testing/setup-config.ts";
import type { MissAsk } from "./calls.ts";

const DAY_MS = 86_400_000;

function world(overrides: Overrides = {}) {
  const made = setup({ budget: { month: null }, ...overrides });
  let viewers = 0;
  /** One viewer's handler: asks, and leaves its jobs to other handlers. Answers the keys that it must check. */
  const miss = (...asks: Partial<MissAsk>[]): string[] => {
    viewers += 1;
    const owner = `viewer${viewers}`;
    const whole = asks.map((one) => ({ key: "", at: made.clock.ms, ...one }));
    const { check } = made.call(owner, { role: "urgent", room: 0, asks: whole });
    made.leave(owner);
    return check;
  };
  const rows = () => Number(made.sql.exec("SELECT count(*) AS n FROM jobs")[0]?.n);
  return { ...made, miss, rows };
}
const unknown = (n: number): MissAsk => ({ key: `made-up-${n}/400-high.webp`, at: T0 + 60_000, unknown: true });
const version = (v: number | string, more: Partial<MissAsk> = {}) => ({ key: `photo/@${v}/400-high.webp`, ...more });

describe("an unknown id", () => {
  it("takes no row, no slot and no token before its original is checked", () => {
    const { call, rows, sql, slots, clock, ledger } = world();
    const before = JSON.stringify(ledger.getGate());
    const written = sql.rowsWritten;
    const { check, give } = call("viewer", { role: "urgent", room: 0, asks: [unknown(1), unknown(2)] });
    expect([check, give]).toEqual([[unknown(1).key, unknown(2).key], []]);
    expect([rows(), slots(), sql.rowsWritten - written]).toEqual([0, 0, 0]);
    expect(JSON.stringify(ledger.getGate())).toBe(before);
    expect(clock.ms).toBeGreaterThan(T0);
  });

  it("is checked at a rate of its own; misses beyond it are forgotten until the next view", () => {
    const { miss, clock } = world({ limits: { unknownPerSecond: 2 } });
    const looked = () => miss(...Array.from({ length: 200 }, (_, n) => unknown(n))).length;
    const first = [looked(), looked()];
    clock.advance(3);
    expect([...first, looked()]).toEqual([120, 0, 6]);
  });

  it("becomes a job once its original is checked and is a picture", () => {
    const { view, row } = world();
    const { give } = view("viewer", "made-up-1/400-high.webp");
    expect(give).toMatchObject([{ key: "made-up-1/400-high.webp", phase: "admitted" }]);
    expect(row("made-up-1/400-high.webp")).not.toBeNull();
  });

  it("is shown as refused for a day if its original cannot be used, without a slot or a token", () => {
    const { call, row, slots, clock } = world();
    const refused = { code: "animated" as const, message: "it moves", until: clock.ms + DAY_MS };
    const { give } = call("viewer", { role: "urgent", room: 0, asks: [{ ...unknown(1), unknown: false, refused }] });
    expect([give, slots()]).toEqual([[], 0]);
    expect(row(unknown(1).key)).toMatchObject({ error: '{"code":"animated","message":"it moves"}', due: null });
  });

  it("is known once a variant of its image was ordered", () => {
    const { accept, miss, row } = world();
    accept("made-up-1/800-high.webp");
    expect(miss(unknown(1))).toEqual([]);
    expect(row(unknown(1).key)).not.toBeNull();
  });

  it("stays unknown although another variant of it was refused", () => {
    const { call, miss, clock } = world();
    const refused = { code: "animated" as const, message: "it moves", until: clock.ms + DAY_MS };
    call("viewer", {
      role: "urgent",
      room: 0,
      asks: [{ key: "made-up-1/800-high.webp", at: clock.ms, refused }],
    });
    expect(miss(unknown(1))).toEqual([unknown(1).key]);
  });
});

describe("versions that unsigned misses bring", () => {
  const versionsMade = (overrides: Overrides, more: Partial<MissAsk> = {}) => {
    const { miss, rows } = world(overrides);
    for (let v = 0; v < 40; v += 1) miss(version(v, more));
    return rows();
  };

  it("are three an image and day, without signed ones", () => {
    const made = [versionsMade({}), versionsMade({}, { signed: true })];
    expect(made).toEqual([3, 40]);
  });

  it("do not stop more variants of the three, or of another image, or those of the next day", () => {
    const { miss, row, clock } = world();
    for (const v of ["a", "b", "c", "d"]) miss(version(v));
    miss({ key: "photo/@a/800-high.webp" }, { key: "photo/800-high.webp" }, { key: "other/@d/400-high.webp" });
    const there = ["photo/@a/800-high.webp", "photo/800-high.webp", "other/@d/400-high.webp", "photo/@d/400-high.webp"];
    expect(there.map((key) => row(key) !== null)).toEqual([true, true, true, false]);
    clock.advance(DAY_MS / 1000);
    miss(version("d"));
    expect(row("photo/@d/400-high.webp")).not.toBeNull();
  });
});

describe("a day's orders of one image", () => {
  const limits = { liveRowsPerImageDay: 3 };
  const sizes = (...widths: number[]) => widths.map((width) => ({ key: `photo/${width}-high.webp` }));

  it("are limited, and the edge gets a marker", () => {
    const { call, clock } = world({ limits });
    const asks = sizes(16, 32, 48, 64).map((one) => ({ ...one, at: clock.ms }));
    expect(call("viewer", { role: "urgent", room: 0, asks }).capped).toEqual(["photo/64-high.webp"]);
  });

  it("are limited, and an eviction does not restart the day: open, stored and refused ones still count", () => {
    const { miss, sql, clock, evict, view, settle, leave, row } = world({ limits });
    const [stored] = view("one", "photo/16-high.webp").give;
    settle("one", stored!, STORED);
    leave("one");
    const [refused] = view("two", "photo/32-high.webp").give;
    settle("two", refused!, { kind: "refused", code: "animated", message: "m", until: clock.ms + DAY_MS });
    leave("two");
    miss(...sizes(48));
    const engine = evict();
    const asks = sizes(64, 96).map((one) => ({ ...one, at: clock.ms }));
    const said = { room: 0, have: [], submitted: [], settled: [], leave: false };
    engine.exchange({ owner: "three", first: true, role: "urgent", asks, ...said });
    expect(row("photo/64-high.webp")).toBeNull();
    expect(sql.exec("SELECT count(*) AS n FROM jobs")[0]).toEqual({ n: 2 });
  });

  it.each([
    [3, false],
    [4, true],
  ])("count a dead letter that is ordered again: of %i a day, the fourth", (liveRowsPerImageDay, isOrdered) => {
    const { miss, view, settle, leave, row, clock } = world({ limits: { liveRowsPerImageDay, maxAttempts: 1 } });
    const [given] = view("one", "photo/16-high.webp").give;
    settle("one", given!, TRANSIENT);
    leave("one");
    miss(...sizes(32), ...sizes(48));
    clock.advance(3_601);
    expect(row("photo/16-high.webp")?.state).toBe(DEAD);
    miss({ key: "photo/16-high.webp" });
    expect(row("photo/16-high.webp")?.state === WAITING).toBe(isOrdered);
  });
});

describe("useless misses", () => {
  it.each([
    ["of unknown ids beyond their looks", unknown],
    ["of versions beyond their number", (n: number) => version(n)],
    ["of an image that is capped", (n: number) => ({ key: `photo/${16 + n}-high.webp` })],
    ["of a variant that is under way", () => ({ key: "photo/400-high.webp" })],
  ])("%s empty one bucket: then edges shed for an hour, and for two when it happens again", (_, one) => {
    const limits = { unknownPerSecond: 0.01, liveRowsPerImageDay: 3 };
    const { miss, clock, transactions, evict } = world({ limits });
    const shedUntil = (): number => {
      transactions.write(gateChanged);
      const said = transactions.write(outboxDue).at(-1)?.body;
      return said === undefined ? 0 : Number(JSON.parse(said).shedUntil);
    };
    const useless = (n: number) => miss(...Array.from({ length: n }, (_, i) => one(i)));
    useless(999);
    expect(shedUntil()).toBe(0);
    useless(4);
    expect(shedUntil()).toBe(clock.ms + 3_600_000);
    clock.advance(3_600);
    // An hour has filled the bucket by 360.
    useless(350);
    expect(shedUntil()).toBeLessThanOrEqual(clock.ms);
    useless(20);
    expect(shedUntil()).toBe(clock.ms + 7_200_000);
    // Another instance knows it too.
    expect(evict().getGate().reasons).toMatchObject([{ code: "shed", until: clock.ms + 7_200_000 }]);
  });
});
