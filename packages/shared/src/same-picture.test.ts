import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { expectedSize } from "../../../workers/consumer/src/output/expected-size.ts";
import { defineConfig } from "./config.ts";
import { samePicture } from "./same-picture.ts";
import { formatTransform, parseTransform } from "./transform.ts";

const config = defineConfig({ sources: [] });
const asked = (query: string) => parseTransform(query, config).transform;
const same = (query: string, width: number, height: number) =>
  formatTransform(samePicture(asked(query), { width, height }, config)).replace(/&q=high&f=webp|&fit=cover/g, "");

describe("a width from the original's own up is one variant", () => {
  it.each([
    ["w=1920", 1024, 683, "w=1080"],
    ["w=1200", 1024, 683, "w=1080"],
    ["w=1080", 1024, 683, "w=1080"],
    // 750 shows it all as well, but pages ask for 828 and uploads warm it.
    ["w=1440", 700, 500, "w=828"],
    ["w=750", 700, 500, "w=828"],
    ["w=2048", 1930, 1000, "w=2048"],
    ["w=64", 20, 20, "w=320"],
    ["w=1920&h=1440", 1024, 683, "w=1080&h=810"],
    ["w=1600&h=1600", 1000, 1400, "w=1080&h=1080"],
  ])("%s of %i × %i is %s", (query, width, height, expected) => expect(same(query, width, height)).toBe(expected));

  it.each([
    ["w=960", 1024, 683],
    ["w=640&h=480", 1024, 683],
    ["w=1900&h=500", 1024, 683],
    ["w=1920&h=1440&fit=contain", 1024, 683],
    ["h=2048", 1024, 683],
    ["w=1600&h=1600&pos=top", 1000, 1400],
    ["q=low", 1024, 683],
    ["w=1920", 6000, 4000],
  ])("%s of %i × %i stays", (query, width, height) =>
    expect(samePicture(asked(query), { width, height }, config)).toEqual(asked(query)),
  );
});

it("has the same pixels as what was asked for, to the rounding, and stands for itself", () => {
  const size = fc.record({ width: fc.integer({ min: 1, max: 5000 }), height: fc.integer({ min: 1, max: 5000 }) });
  const query = fc.oneof(
    fc.constantFrom(...config.ladder).map((width) => `w=${width}&f=avif&q=low`),
    fc.constantFrom(...config.ladder).map((width) => `w=${width}&h=${Math.round((width * 3) / 4)}`),
    fc.constantFrom(...config.ladder).map((width) => `w=${width}&h=${width}&pos=top`),
  );
  fc.assert(
    fc.property(query, size, (text, original) => {
      const before = asked(text);
      const after = samePicture(before, original, config);
      expect(samePicture(after, original, config)).toEqual(after);
      const [a, b] = [expectedSize(before, original), expectedSize(after, original)];
      // A ratio's heights are rounded, so that two crops of one original may differ by a pixel or by half a percent.
      const near = (x = 0, y = 0) => Math.abs(x - y) <= Math.max(1, y * 0.01);
      expect([near(a?.width, b?.width), near(a?.height, b?.height)]).toEqual([true, true]);
      expect([after.format, after.quality, after.pos]).toEqual([before.format, before.quality, before.pos]);
    }),
    { numRuns: 2000 },
  );
});
