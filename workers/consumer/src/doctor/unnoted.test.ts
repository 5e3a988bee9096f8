import { expect, it } from "vitest";
import { unnotedOf } from "./unnoted.ts";

const HOUR = 3_600_000;
const variant = (key: string, uploaded: number) => ({ key, bytes: 7, smaller: [], isCopy: false, uploaded });
const keysOf = (...given: Parameters<typeof unnotedOf>) => unnotedOf(...given).map(({ key }) => key);

it("finds images without a note, with one that is older than a variant, and with one that counts fewer", () => {
  const variants = ["a/1", "b/1", "c/1", "c/2", "d/1", "d/2"].map((key) => variant(`${key}.webp`, 10));
  const notes = new Map([
    ["b", { listed: 1, uploaded: 9 }],
    ["c", { listed: 1, uploaded: 20 }],
    ["d", { listed: 2, uploaded: 20 }],
  ]);
  expect(keysOf(variants, notes, HOUR)).toEqual(["a/1.webp", "b/1.webp", "c/1.webp", "c/2.webp"]);
});

it("waits until their handler is surely gone, and believes notes of before, which do not count", () => {
  expect(keysOf([variant("a/1.webp", HOUR - 60_000)], new Map(), HOUR)).toEqual([]);
  const before = new Map([["a", { listed: Number.POSITIVE_INFINITY, uploaded: 20 }]]);
  expect(keysOf([variant("a/1.webp", 10)], before, HOUR)).toEqual([]);
});

it("counts neither the original's own picture nor an older version", () => {
  const copy = { ...variant("a/1.jpeg", 10), isCopy: true };
  const notes = new Map([["a", { listed: 1, uploaded: 30 }]]);
  expect(keysOf([copy, variant("a/@1/1.webp", 10), variant("a/@2/1.webp", 20)], notes, HOUR)).toEqual([]);
});

it("takes no more than twenty images of a slice, each with all its variants, and those that only count fewer last", () => {
  const images = Array.from({ length: 30 }, (_, n) => `i${n}`);
  const variants = images.flatMap((id) => [variant(`${id}/1.webp`, 1), variant(`${id}/2.webp`, 1)]);
  expect(keysOf(variants, new Map(), HOUR)).toHaveLength(40);
  const short = new Map(images.slice(0, 29).map((id) => [id, { listed: 1, uploaded: 2 }]));
  expect(keysOf(variants, short, HOUR).slice(0, 2)).toEqual(["i29/1.webp", "i29/2.webp"]);
});

it("knows nothing of what the caller has not seen: R2 tells from which original a variant was made", () => {
  const [noted] = unnotedOf([variant("a/1.webp", 1)], new Map(), HOUR);
  expect(noted).toEqual({ key: "a/1.webp", bytes: 7, smaller: [], made: null, original: null, isFirst: false });
});
