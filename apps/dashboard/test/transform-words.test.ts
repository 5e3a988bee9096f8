import { describe, expect, it } from "vitest";
import { marksAt, topOf } from "../src/charts/series.ts";
import { transformWords } from "../src/lib/transform-words.ts";

it.each([
  ["w=1440&q=high&f=webp", "1440 px · webp · high"],
  ["w=800&h=600&fit=cover&pos=top&q=high&f=avif", "800 × 600 px · top · avif · high"],
  ["w=800&h=600&fit=contain&q=low&f=jpeg", "800 × 600 px · contain · jpeg · low"],
  ["h=600&q=high&f=webp", "600 px high · webp · high"],
  ["q=high&f=webp", "full size · webp · high"],
  ["p=card", "p=card"],
])("says %s in words", (transform, words) => expect(transformWords(transform)).toBe(words));

describe("a chart", () => {
  const stored = { label: "stored", color: "--stored", values: [1, 30, null] };
  const accepted = { label: "accepted", color: "--chart-blue", values: [88_000, 0, 0], clipped: true };
  it("is as high as what was stored, whatever was accepted at once", () => {
    expect([topOf([stored, accepted]), topOf([accepted]), topOf([])]).toEqual([30, 88_000, 0]);
  });
  it("tells what was done in the minute under the pointer", () => {
    const marks = [
      { at: 59, text: "before" },
      { at: 60, text: "first" },
      { at: 119, text: "last" },
    ];
    expect(marksAt(marks, 60, 60).map(({ text }) => text)).toEqual(["first", "last"]);
  });
});
