import { expect, it } from "vitest";
import { createByteCache } from "./byte-cache.ts";

it("drops the least recently used entry beyond its bytes", () => {
  const cache = createByteCache<string>(() => 10);
  cache.set("a", "A", 4);
  cache.set("b", "B", 4);
  cache.get("a");
  cache.set("c", "C", 4);
  expect([cache.get("a"), cache.get("b"), cache.get("c"), cache.size()]).toEqual(["A", undefined, "C", 8]);
});

it("counts a replaced entry once, and keeps one that is too large alone", () => {
  const cache = createByteCache<string>(() => 10);
  cache.set("a", "A", 8);
  cache.set("a", "A2", 3);
  expect(cache.size()).toBe(3);
  cache.set("b", "B", 50);
  expect([cache.get("a"), cache.get("b"), cache.size()]).toEqual([undefined, "B", 50]);
});
