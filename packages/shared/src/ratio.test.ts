import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Config, defineConfig, type UserConfig } from "./config.ts";
import { checkConfig } from "./config-check.ts";
import { maximum } from "./ladder.ts";
import { readRatio } from "./shape.ts";
import { countVariants, formatTransform, parseTransform } from "./transform.ts";

const sources = [{ prefix: "", url: "https://cdn.example.com/originals/{id}" }];
const withRatios = (...ratios: string[]): Config => ({ ...defineConfig({ sources }), ratios });
const config = defineConfig({ sources, pages: { ratios: ["3:4"] } });

const asked = (query: string, of: Config = config) => {
  const { transform, closed } = parseTransform(query, of);
  return [formatTransform(transform), closed];
};

describe("a pair of a declared ratio", () => {
  it.each([
    ["w=800&h=600", "w=800&h=600&fit=cover&q=high&f=webp", "the crop everybody tries first"],
    ["w=790&h=593", "w=800&h=600&fit=cover&q=high&f=webp", "its width goes up to the rung, its height follows"],
    ["w=390&h=293", "w=400&h=300&fit=cover&q=high&f=webp", "rounded up"],
    ["w=390&h=292", "w=400&h=300&fit=cover&q=high&f=webp", "rounded down"],
    ["w=1200&h=630&f=jpeg", "w=1200&h=628&fit=cover&q=high&f=jpeg", "the sharing picture, within half a percent"],
    ["w=293&h=390", "w=320&h=427&fit=cover&q=high&f=webp", "upright, its width rounded up"],
    ["w=292&h=390", "w=320&h=427&fit=cover&q=high&f=webp", "upright, its width rounded down"],
    ["w=400&h=300&dpr=2", "w=800&h=600&fit=cover&q=high&f=webp", "dpr multiplies first"],
    ["w=4000&h=3000", "w=2048&h=1536&fit=cover&q=high&f=webp", "clamped to the maximum"],
    ["w=1600&h=2133", "w=1440&h=1920&fit=cover&q=high&f=webp", "the largest rung whose height fits"],
    ["w=99999999&h=99999999", "w=2048&h=2048&fit=cover&q=high&f=webp", "far too large"],
    ["w=400&h=400&fit=cover", "w=400&h=400&fit=cover&q=high&f=webp", "cover said aloud"],
  ])("%s is %s and open (%s)", (query, canonical) => expect(asked(query)).toEqual([canonical, true]));

  it.each([
    ["w=400&h=310", "w=400&h=310&fit=cover&q=high&f=webp", "another shape"],
    ["w=800&h=600&fit=contain", "w=800&h=600&fit=contain&q=high&f=webp", "another fit"],
    ["w=799&h=600&fit=fill", "w=800&h=601&fit=fill&q=high&f=webp", "another fit keeps its own shape"],
    ["w=800&h=600&q=low", "w=800&h=600&fit=cover&q=low&f=webp", "another quality"],
    ["w=400&h=400&pos=left", "w=400&h=400&fit=cover&pos=left&q=high&f=webp", "another position than the centre"],
    ["w=1&h=5000", "w=1&h=2048&fit=cover&q=high&f=webp", "a line"],
  ])("%s is %s and closed (%s)", (query, canonical) => expect(asked(query)).toEqual([canonical, false]));

  it("is open where pages have it, and closed where only the standard does, with access: signed", () => {
    const few = defineConfig({ sources, access: "signed", pages: { ratios: ["3:4"] } });
    expect([asked("w=480&h=640", few)[1], asked("w=640&h=480", few)[1]]).toEqual([true, false]);
  });

  it("is the nearest where ratios meet, and the first listed where they are as near", () => {
    const near = withRatios("2:1", "1.91:1");
    expect(asked("w=16&h=8", near)).toEqual(["w=16&h=8&fit=cover&q=high&f=webp", true]);
    expect(asked("w=1000&h=523", near)[0]).toBe("w=1080&h=565&fit=cover&q=high&f=webp");
    expect(asked("w=100&h=100", withRatios("100:99", "99:100"))[0]).toBe("w=128&h=127&fit=cover&q=high&f=webp");
  });
});

const anyRatio = fc.oneof(
  fc.constantFrom("1:1", "4:3", "3:2", "16:9", "1.91:1", "2:3", "3:4", "9:16", "21:9"),
  fc
    .tuple(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 40 }))
    .map(([across, down]) => `${across}:${down}`),
);

describe("over all widths and roundings", () => {
  it.each(["1:1", "4:3", "3:2", "16:9", "1.91:1", "3:4", "9:16"])(
    "%s has at most 24 keys, all of them open",
    (ratio) => {
      const of = withRatios(ratio);
      const keys = new Set<string>();
      for (let width = 16; width <= 2048; width++) {
        const exact = width / (readRatio(ratio) ?? 1);
        for (const height of new Set([Math.floor(exact), Math.round(exact), Math.ceil(exact)])) {
          const [canonical, closed] = asked(`w=${width}&h=${height}`, of);
          expect(closed, `${width} × ${height}`).toBe(true);
          keys.add(String(canonical));
        }
      }
      expect(keys.size).toBeLessThanOrEqual(24);
    },
  );

  it("every answer is stable, within the maximum, and as near to the shape as whole pixels are", () => {
    const list = fc.uniqueArray(anyRatio, { minLength: 1, maxLength: 6 });
    const side = fc.integer({ min: 1, max: 10_000 });
    fc.assert(
      fc.property(list, side, side, (ratios, w, h) => {
        const of = withRatios(...ratios);
        const first = parseTransform(`w=${w}&h=${h}`, of);
        expect(parseTransform(formatTransform(first.transform), of)).toEqual(first);
        expect(Math.max(first.transform.width ?? 0, first.transform.height ?? 0)).toBeLessThanOrEqual(
          maximum(of.ladder),
        );
      }),
      { numRuns: 5000 },
    );
  });
});

describe("the number of variants", () => {
  it("is below 800 with four ratios, and grows by a rung's formats per ratio", () => {
    expect(countVariants(withRatios())).toBe(375);
    expect(countVariants(withRatios("4:3"))).toBe(375 + 24 * 3);
    expect(countVariants(withRatios("1:1", "4:3", "3:2", "16:9"))).toBeLessThan(800);
    expect(countVariants(defineConfig({ sources }))).toBeLessThan(800);
  });

  it("counts a preset of a declared ratio once", () => {
    const config = defineConfig({ sources, presets: { card: "w=640&h=480&f=auto" } });
    expect(countVariants({ ...config, ratios: ["4:3"] })).toBe(447);
  });

  it("is what unsigned pairs can reach, no more", () => {
    const of = withRatios("1:1", "3:4");
    const open = new Set<string>();
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 3000 }),
        fc.integer({ min: 1, max: 3000 }),
        fc.constantFrom("", "&pos=top"),
        (w, h, pos) => {
          const { transform, closed } = parseTransform(`w=${w}&h=${h}${pos}`, of);
          if (closed) open.add(formatTransform(transform));
        },
      ),
      { numRuns: 20_000 },
    );
    expect(open.size * 3).toBeLessThanOrEqual(countVariants(of) - 375);
  });
});

describe("checkConfig finds", () => {
  const check = (ratios: unknown) => checkConfig(defineConfig({ sources, pages: { ratios } } as UserConfig));

  it.each([
    [["4/3"], "pages.ratios[0]", /such as "?4:3/],
    [["4:0"], "pages.ratios[0]", /such as "?4:3/],
    [["0:1"], "pages.ratios[0]", /such as "?4:3/],
    [["-1:1"], "pages.ratios[0]", /such as "?4:3/],
    [["1e9:1"], "pages.ratios[0]", /such as "?4:3/],
    [[1.5], "pages.ratios[0]", /such as "?4:3/],
    [[{ ratio: "1:1", pos: "top" }], "pages.ratios[0]", /such as "?4:3/],
    [["1:1", "1:1"], "pages.ratios[1]", /twice/],
    [["1:999"], "pages.ratios[0]", /height/],
    [Array.from({ length: 21 }, (_, n) => `${n + 1}:1`), "pages.ratios", /20/],
  ])("%j at %s", (ratios, path, mend) => {
    const faults = check(ratios);
    expect(faults).toEqual([expect.stringMatching(mend)]);
    expect(faults[0]?.startsWith(path)).toBe(true);
  });

  it("nothing in ratios of every kind, nor in none", () => {
    expect(check(["9:16", "2.35:1", "1:1"])).toEqual([]);
    expect(check([])).toEqual([]);
  });
});
