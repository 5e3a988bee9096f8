import { describe, expect, expectTypeOf, it } from "vitest";
import { type Config, DEFAULTS, defineConfig, type UserConfig } from "./config.ts";
import { checkConfig } from "./config-check.ts";
import { expandTransforms, formatTransform, parseTransform } from "./transform.ts";
import { recipesOf } from "./upload-recipe.ts";
import { variantKey } from "./variant-key.ts";

const sources = [{ prefix: "", url: "https://cdn.example.com/originals/{id}" }];
const STANDARD = defineConfig({ sources }).ladder;
const MODERN = "image/avif,image/webp,*/*;q=0.8";

function uploadKeys(config: Config): string[] {
  const expanded = recipesOf(config).upload.flatMap((spec) => expandTransforms(spec, config));
  return [...new Set(expanded.map((transform) => variantKey("a", transform)))];
}

describe("the recipe upload", () => {
  it("is what pages ask for as AVIF, what answers browsers without AVIF and link previews, and the placeholder", () => {
    const keys = uploadKeys(defineConfig({ sources }));
    const wanted = [320, 480, 640, 828, 1080, 1440, 1920].map((width) => `a/${width}-high.avif`);
    const others = ["a/640-high.webp", "a/1440-high.webp", "a/1440-high.jpeg", "a/16-very_low.webp"];
    expect(keys).toEqual([...wanted, ...others]);
    expect(keys).toHaveLength(11);
    expect(uploadKeys(defineConfig({ sources, pages: { make: "all" } }))).toHaveLength(22);
  });

  it("has what a page's srcset asks for", () => {
    const config = defineConfig({ sources });
    const keys = uploadKeys(config);
    for (const width of config.pages.widths) {
      const { transform, closed } = parseTransform(`w=${width}&f=${config.pages.formats[0]}`, config, MODERN);
      expect([keys.includes(variantKey("a", transform)), closed, transform.width]).toEqual([true, true, width]);
    }
  });

  it("follows the pages' own widths and formats", () => {
    const pages = { widths: [320, 640], formats: ["webp"] } as const;
    expect(uploadKeys(defineConfig({ sources, pages }))).toEqual([
      "a/320-high.webp",
      "a/640-high.webp",
      "a/640-high.jpeg",
      "a/16-very_low.webp",
    ]);
    expect(uploadKeys(defineConfig({ sources, pages: { widths: [320] } }))).toHaveLength(4);
  });

  it("makes other formats at each width where pages name them, or `make` does", () => {
    const widths = [320, 640, 1440];
    const ends = (pages: Partial<Config["pages"]>) =>
      uploadKeys(defineConfig({ sources, pages: { widths, ...pages } })).map((key) => key.slice(2, -5));
    expect(ends({})).toHaveLength(3 + 2 + 1 + 1);
    expect(ends({ make: "all" })).toHaveLength(3 * 3 + 1);
    expect(ends({ make: ["avif", "webp"] })).toHaveLength(2 * 3 + 1 + 1);
    expect(ends({ formats: ["auto", "jpeg"] })).toHaveLength(2 * 3 + 2 + 1);
    expect(ends({ qualities: ["low", "high"] })).toHaveLength(2 * (3 + 2 + 1) + 1);
  });

  it("has a ladder with the pages' own widths, between its rungs and above its top", () => {
    const pages = { widths: [1920, 2560, 3840], ratios: ["16:9"] } as const;
    const config = defineConfig({ sources, pages });
    expect(checkConfig(config)).toEqual([]);
    expect(config.ladder).toEqual([...STANDARD, 2560, 3840]);
    expect(uploadKeys(config)).toEqual(expect.arrayContaining(["a/3840-high.avif", "a/3840x2160-cover-high.avif"]));
    expect(parseTransform("w=3000", config)).toMatchObject({ closed: true, transform: { width: 3840 } });
    const between = defineConfig({ sources, pages: { widths: [50, 300, 600, 1200] } });
    expect(checkConfig(between)).toEqual([]);
    expect(parseTransform("w=290", between)).toMatchObject({ closed: true, transform: { width: 300 } });
    expect(STANDARD).toHaveLength(24);
  });

  it.each([[3840.5], [9000]])("keeps the standard rungs for %d, which is no width of a variant", (width) => {
    const config = defineConfig({ sources, pages: { widths: [1920, width] } });
    expect(config.ladder).toEqual(STANDARD);
    expect(checkConfig(config)).toEqual(["pages.widths[1]: write an integer from 1 to 8192"]);
  });

  it("has the pages' own widths, shapes and qualities alone with access: signed", () => {
    const pages = { widths: [500, 1000], ratios: ["5:4"], qualities: ["low"] } as const;
    const config = defineConfig({ sources, access: "signed", pages });
    expect(checkConfig(config)).toEqual([]);
    expect([config.ladder, config.ratios]).toEqual([[16, 500, 1000], ["5:4"]]);
    const isOpen = (query: string) => parseTransform(query, config).closed;
    for (const spec of recipesOf(config).upload.filter((one) => !one.includes("f=auto")))
      expect([spec, isOpen(spec)]).toEqual([spec, true]);
    expect(["w=700", "w=500&h=400", "w=500&h=500", "w=500&q=medium"].map(isOpen)).toEqual([true, true, false, false]);
  });

  it("stands beside the user's recipes, and gives way to an upload of theirs", () => {
    const beside = defineConfig({ sources, recipes: { hero: ["w=1600"] } });
    expect(Object.keys(recipesOf(beside))).toEqual(["upload", "hero"]);
    expect(uploadKeys(defineConfig({ sources, recipes: { upload: ["w=400"] } }))).toEqual(["a/400-high.webp"]);
  });

  it.each<[string, Partial<UserConfig>]>([
    ["widths of the user's own", { access: "signed", pages: { widths: [100, 500, 1000] } }],
    ["another first format", { formats: ["webp", "jpeg"] }],
  ])("is sound with %s", (_, user) => {
    const config = defineConfig({ sources, ...user });
    expect(checkConfig(config)).toEqual([]);
    expect(config.pages.widths.every((width) => config.ladder.includes(width))).toBe(true);
  });

  it("is on the standard rungs", () => {
    expect(DEFAULTS.pages.widths.every((width) => STANDARD.includes(width))).toBe(true);
  });
});

describe("the placeholder", () => {
  it("is a variant that anybody may ask for", () => {
    const { transform, closed } = parseTransform("w=16&q=very_low&f=webp", defineConfig({ sources }));
    expect([formatTransform(transform), closed]).toEqual(["w=16&q=very_low&f=webp", true]);
  });
});

describe("defineConfig keeps what was written as types", () => {
  const config = defineConfig({
    sources,
    presets: { card: "w=640&h=480", hero: "w=1600" },
    formats: ["webp", "jpeg"],
    recipes: { social: ["p=card"] },
  });

  it("names of presets, recipes and hooks", () => {
    expectTypeOf<keyof typeof config.presets>().toEqualTypeOf<"card" | "hero">();
    expectTypeOf<keyof typeof config.recipes>().toEqualTypeOf<"social">();
    // @ts-expect-error: there is no such preset
    expect(config.presets.crad).toBeUndefined();
  });

  it("formats", () => {
    expectTypeOf<(typeof config.formats)[number]>().toEqualTypeOf<"webp" | "jpeg">();
  });

  it("and stays a configuration", () => {
    expectTypeOf(config).toExtend<Config>();
    expectTypeOf(defineConfig({ sources })).toExtend<Config>();
    expectTypeOf(defineConfig({ sources, ...({} as Partial<UserConfig>) })).toExtend<Config>();
    expectTypeOf(defineConfig({ sources, ...({} as Partial<UserConfig>) }).presets).toEqualTypeOf<
      Record<string, string>
    >();
    // @ts-expect-error: no format
    defineConfig({ sources, formats: ["gif"] });
  });
});
