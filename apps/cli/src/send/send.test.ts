import { describe, expect, it } from "vitest";
import { createWorld } from "../../test/testing/fake-world.ts";
import { bytesOf, collect, plainNamer } from "../../test/testing/text.ts";
import type { Read } from "../input/item.ts";
import { readText } from "../input/read-text.ts";
import { EXIT } from "../platform/exit-codes.ts";
import { type Chunk, chunkItems } from "./chunk-items.ts";
import { createComplaints } from "./complaints.ts";
import { createPace } from "./pace.ts";

const cut = (text: string, more: { maxItems?: number; maxBytes?: number; defaults?: object } = {}): Promise<Chunk[]> =>
  collect(
    chunkItems(readText(bytesOf(text), "t", plainNamer), {
      maxItems: 2,
      maxBytes: 1000,
      defaults: {},
      onBad: () => {},
      ...more,
    }),
  );

describe("chunkItems", () => {
  it("cuts by number and by bytes, and remembers where each item stood", async () => {
    const chunks = await cut("a\n\nb\nc\n");
    expect(chunks.map(({ number, items, places }) => ({ number, items, places }))).toEqual([
      { number: 1, items: ['{"id":"a"}', '{"id":"b"}'], places: ["t:1", "t:3"] },
      { number: 2, items: ['{"id":"c"}'], places: ["t:4"] },
    ]);
    expect((await cut("aa\nbb\ncc\n", { maxItems: 9, maxBytes: 25 })).map(({ items }) => items.length)).toEqual([2, 1]);
  });

  it("gives the same fingerprint for the same input up to there, another one otherwise", async () => {
    const [one, two] = await cut("a\nb\nc\nd\n");
    const [again, changed] = await cut("a\nb\nc\nx\n");
    expect(again?.fingerprint).toBe(one?.fingerprint);
    expect(changed?.fingerprint).not.toBe(two?.fingerprint);
    const [, shifted] = await cut("z\nb\nc\nd\n");
    expect(shifted?.fingerprint).not.toBe(two?.fingerprint);
  });

  it("keeps together what is ordered alike, and apart what is not", async () => {
    const items = [{ id: "a" }, { id: "b", run: "r", force: true }, { id: "c", run: "r", force: true }, { id: "d" }];
    async function* reads(): AsyncGenerator<Read[]> {
      yield items.map((item) => ({ kind: "item", place: "t:1", item }));
    }
    const chunks = await collect(chunkItems(reads(), { maxItems: 9, maxBytes: 1000, defaults: {}, onBad: () => {} }));
    expect(chunks.map(({ order, items }) => [order, items.map((item) => JSON.parse(item).id)])).toEqual([
      [{}, ["a"]],
      [{ run: "r", force: true }, ["b", "c"]],
      [{}, ["d"]],
    ]);
  });

  it("adds the command line's transforms to items that name nothing themselves", async () => {
    const [chunk] = await cut("a\n", { defaults: { presets: ["card"] } });
    expect(chunk?.items).toEqual(['{"id":"a","presets":["card"]}']);
  });

  it("adds the command line's version to items that name none themselves, whatever else they name", async () => {
    const items = [{ id: "a" }, { id: "b", v: "1" }, { id: "c", recipe: "social" }];
    async function* reads(): AsyncGenerator<Read[]> {
      yield items.map((item) => ({ kind: "item", place: "t:1", item }));
    }
    const defaults = { v: "2", presets: ["card"] };
    const [chunk] = await collect(chunkItems(reads(), { maxItems: 9, maxBytes: 1000, defaults, onBad: () => {} }));
    expect(chunk?.items.map((item) => JSON.parse(item))).toEqual([
      { id: "a", v: "2", presets: ["card"] },
      { id: "b", v: "1", presets: ["card"] },
      { id: "c", v: "2", recipe: "social" },
    ]);
  });
});

describe("createPace", () => {
  it("keeps the average rate and does not make up for a pause", async () => {
    const { context, slept } = createWorld();
    const pace = createPace(50, context);
    for (let chunk = 0; chunk < 10; chunk += 1) await pace(50);
    expect(slept()).toBe(9000);
    await context.sleep(60_000);
    await pace(50);
    await pace(50);
    expect(slept()).toBe(9000 + 60_000 + 1000);
  });

  it("does not wait without a rate", async () => {
    const { context, slept } = createWorld();
    await createPace(null, context)(1_000_000);
    expect(slept()).toBe(0);
  });
});

describe("createComplaints", () => {
  it("shows twenty, and counts all", () => {
    const notes: string[] = [];
    const complaints = createComplaints((text) => notes.push(text), null);
    for (let n = 0; n < 25; n += 1) complaints.add(`t:${n}`, "bad");
    complaints.count(3);
    complaints.end();
    expect(notes).toHaveLength(21);
    expect(notes[0]).toBe("t:0: bad");
    expect(notes.at(-1)).toBe("… and 8 more like these");
    expect(complaints.total()).toBe(28);
  });

  it("stops above the limit, not at it", () => {
    const complaints = createComplaints(() => {}, 2);
    complaints.count(2);
    expect(() => complaints.add("t:3", "bad")).toThrow(expect.objectContaining({ exitCode: EXIT.limit }));
  });
});
