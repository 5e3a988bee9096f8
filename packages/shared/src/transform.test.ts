import { describe, expect, it } from "vitest";
import { type Config, defineConfig } from "./config.ts";
import { AppError } from "./errors.ts";
import { countVariants, expandTransforms, formatTransform, parseTransform } from "./transform.ts";

const config: Config = {
  ...defineConfig({
    sources: [{ prefix: "", url: "https://cdn.example.com/originals/{id}" }],
    presets: { card: "w=640&h=480&f=auto", best: "w=800&q=very_high", wide: "w=1200" },
  }),
  qualities: ["low", "high"],
};
const MODERN = "image/avif,image/webp,*/*;q=0.8";

const canonical = (query: string, accept: string | null = null) =>
  formatTransform(parseTransform(query, config, accept).transform);

function refusal(query: string): AppError {
  try {
    parseTransform(query, config);
  } catch (error) {
    if (error instanceof AppError) return error;
    throw error;
  }
  throw new Error(`${query} was not refused`);
}

describe("parseTransform reads", () => {
  it.each([
    ["", "q=high&f=webp", "the defaults: original size, high, webp"],
    ["w=100000", "w=2048&q=high&f=webp", "clamped, then snapped"],
    [`w=${"9".repeat(400)}`, "w=2048&q=high&f=webp", "clamped, however long"],
    ["w=799", "w=800&q=high&f=webp", "snapped up"],
    ["w=801", "w=828&q=high&f=webp", "snapped up, never down"],
    ["w=1", "w=16&q=high&f=webp", "the least rung"],
    ["h=333", "h=384&q=high&f=webp", "a height alone snaps as a width does"],
    ["w=400&h=300", "w=400&h=300&fit=cover&q=high&f=webp", "a pair, cover by default"],
    ["w=390&h=300", "w=400&h=308&fit=cover&q=high&f=webp", "one factor for both"],
    ["w=100000&h=50000&fit=fill", "w=2048&h=1024&fit=fill&q=high&f=webp", "clamped by one factor"],
    ["w=100&h=5000", "w=41&h=2048&fit=cover&q=high&f=webp", "the height's maximum brings the pair down"],
    ["w=5000&h=1", "w=2048&h=1&fit=cover&q=high&f=webp", "never less than a pixel"],
    ["w=640&dpr=1.25", "w=800&q=high&f=webp", "dpr multiplies before snapping"],
    ["w=320&dpr=1.2", "w=384&q=high&f=webp", "binary fractions push nothing past a rung"],
    ["w=1900&dpr=3", "w=2048&q=high&f=webp", "dpr multiplies before clamping"],
    ["w=160&h=160&dpr=2.5", "w=400&h=400&fit=cover&q=high&f=webp", "dpr multiplies both sides"],
    ["w=799.5", "w=800&q=high&f=webp", "a fraction is rounded up"],
    ["w=800.01", "w=828&q=high&f=webp", "a fraction is rounded up, past a rung"],
    ["w=0.5", "w=16&q=high&f=webp", "less than a pixel is one"],
    [`w=7.${"9".repeat(400)}`, "w=16&q=high&f=webp", "a fraction, however long"],
    ["w=399.5&h=299.6", "w=400&h=300&fit=cover&q=high&f=webp", "fractions of a pair"],
    ["w=400&dpr=4", "w=1200&q=high&f=webp", "dpr is clamped to 3"],
    ["w=400&dpr=0.5", "w=400&q=high&f=webp", "a zoomed-out page's dpr is clamped to 1"],
    [`w=400&dpr=${"9".repeat(400)}`, "w=1200&q=high&f=webp", "dpr is clamped, however long"],
    ["q=89.5", "q=very_high&f=webp", "a quality's fraction is rounded up"],
    [
      "w=800&srsltid=a&ttclid=b&twclid=c&li_fat_id=d&epik=e&_hsenc=f&_hsmi=g&ck_subscriber_id=h&ver=6.5",
      "w=800&q=high&f=webp",
      "what advertisers, mailers and WordPress append",
    ],
    ["dpr=2", "q=high&f=webp", "the original's size has nothing to multiply"],
    ["w=800&q=75&f=jpg", "w=800&q=high&f=jpeg", "other spellings"],
    ["q=1", "q=very_low&f=webp", "the least number"],
    ["q=29&f=avif", "q=very_low&f=avif", "the table's edges"],
    ["q=30", "q=low&f=webp", "the table's edges"],
    ["q=100", "q=very_high&f=webp", "the greatest number"],
    ["p=card&v=x_1-Y&exp=99&s=abc", "w=640&h=480&fit=cover&q=high&f=jpeg", "a preset with what is not its transform"],
    ["utm_source=a&utm_source=b&fbclid=1&w=800&_=3", "w=800&q=high&f=webp", "noise, even repeated"],
    ["&&w=800&", "w=800&q=high&f=webp", "empty pieces of a careless template"],
    ["%77=800", "w=800&q=high&f=webp", "a name that a proxy has encoded"],
  ])("%s as %s (%s)", (query, expected) => expect(canonical(query)).toBe(expected));

  it("a URLSearchParams as it reads text", () => {
    expect(parseTransform(new URLSearchParams("w=800&f=jpg"), config)).toEqual(parseTransform("w=800&f=jpg", config));
  });

  it("f=auto from Accept, and says that it did", () => {
    expect(parseTransform("w=800&f=auto", config, MODERN)).toMatchObject({
      negotiated: true,
      transform: { format: "avif" },
    });
    expect(parseTransform("p=card", config, MODERN)).toMatchObject({
      negotiated: true,
      preset: "card",
      transform: { format: "avif" },
    });
    expect(parseTransform("w=800", config, MODERN)).toMatchObject({ negotiated: false, transform: { format: "webp" } });
  });

  it("the version apart from the transform", () => {
    expect(parseTransform("w=800&v=abc", config)).toMatchObject({ version: "abc", closed: true });
    expect(parseTransform("w=800", config).version).toBeNull();
  });
});

describe("the closed set", () => {
  it.each([
    ["w=801", true, "a width that snaps to a rung"],
    ["", true, "the original's own size"],
    ["w=800&dpr=2&f=avif&q=low", true, "every allowed quality and format"],
    ["p=card", true, "a preset"],
    ["p=best", true, "a preset of a quality that is not open"],
    ["w=640&h=480&f=webp", true, "a preset written out, as the API prints it"],
    ["w=320&h=240&dpr=2&f=avif", true, "a preset written out in another spelling"],
    ["w=640&h=480&fit=fill", false, "a free pair"],
    ["h=480", false, "a height alone"],
    ["w=800&q=medium", false, "a quality that only signatures open"],
  ])("%s: %s (%s)", (query, closed) => expect(parseTransform(query, config).closed).toBe(closed));

  it("is finite, and counted once each", () => {
    // 25 sizes × 3 formats × 2 qualities, card in 3 formats, best; wide is on the ladder already.
    expect(countVariants({ ...config, ratios: [] })).toBe(25 * 3 * 2 + 3 + 1);
  });
});

describe("parseTransform refuses", () => {
  it.each<[string, string, string, string | undefined, string]>([
    ["width=800", "parameter_unknown", "width", "w", "another service's name"],
    ["W=800", "parameter_unknown", "W", "w", "names are compared exactly"],
    ["dp=2", "parameter_unknown", "dp", "dpr", "a slip"],
    ["foo=1", "parameter_unknown", "foo", undefined, "nothing near"],
    ["=1", "parameter_unknown", "", undefined, "no name"],
    ["toString=1", "parameter_unknown", "toString", undefined, "a name on Object.prototype"],
    ["__proto__=1", "parameter_unknown", "__proto__", undefined, "a name on Object.prototype"],
    ["constructor=1", "parameter_unknown", "constructor", undefined, "a name on Object.prototype"],
    ["w[]=1", "parameter_unknown", "w[]", undefined, "an array in PHP's spelling"],
    ["w=1&w=1", "parameter_repeated", "w", undefined, "twice, even alike"],
    ["s=a&s=b", "parameter_repeated", "s", undefined, "two signatures"],
    ["w=", "parameter_invalid", "w", undefined, "no value"],
    ["f=png", "parameter_invalid", "f", undefined, "a format that this site does not list"],
    ["w=0", "parameter_invalid", "w", "1", "below the least"],
    ["w=-5", "parameter_invalid", "w", "1", "below the least"],
    ["w=800px", "parameter_invalid", "w", "800", "a unit"],
    ["w=0800", "parameter_invalid", "w", "800", "a leading zero"],
    ["w=+8", "parameter_invalid", "w", "8", "a plus, which is a space in a query"],
    ["w=1e3", "parameter_invalid", "w", "1000", "an exponent"],
    ["w=0x10", "parameter_invalid", "w", "1", "hexadecimal"],
    ["w=NaN", "parameter_invalid", "w", undefined, "a number's shadow"],
    ["w=Infinity", "parameter_invalid", "w", undefined, "a number's shadow"],
    ["w=٣", "parameter_invalid", "w", undefined, "a digit of another script"],
    ["h=1,2", "parameter_invalid", "h", "1", "a list"],
    ["q=0", "parameter_invalid", "q", "1", "below the least"],
    ["q=101", "parameter_invalid", "q", "100", "above the greatest"],
    ["q=hgih", "parameter_invalid", "q", "high", "a slip"],
    ["q=very-high", "parameter_invalid", "q", "very_high", "a slip"],
    ["q=High", "parameter_invalid", "q", "high", "values are compared exactly"],
    ["q=toString", "parameter_invalid", "q", undefined, "a name on Object.prototype"],
    ["f=wepb", "parameter_invalid", "f", "webp", "a slip"],
    ["f=png", "parameter_invalid", "f", undefined, "not configured"],
    ["f=constructor", "parameter_invalid", "f", undefined, "a name on Object.prototype"],
    ["w=0.0", "parameter_invalid", "w", "1", "nothing, with a point"],
    ["w=-0.5", "parameter_invalid", "w", "1", "below the least, with a point"],
    ["w=12.", "parameter_invalid", "w", "12", "a point and nothing"],
    ["w=.5", "parameter_invalid", "w", "1", "nothing and a point"],
    ["w=1.2.3", "parameter_invalid", "w", "2", "two points"],
    ["h=00.5", "parameter_invalid", "h", "1", "a leading zero"],
    ["q=0.0", "parameter_invalid", "q", "1", "nothing, with a point"],
    ["q=100.5", "parameter_invalid", "q", "100", "above the greatest, with a point"],
    ["q=-1", "parameter_invalid", "q", "1", "below the least"],
    ["dpr=0", "parameter_invalid", "dpr", "1", "nothing"],
    ["dpr=-2", "parameter_invalid", "dpr", "1", "below nothing"],
    ["dpr=", "parameter_invalid", "dpr", undefined, "no value"],
    ["dpr=two", "parameter_invalid", "dpr", undefined, "a word"],
    ["dpr=NaN", "parameter_invalid", "dpr", undefined, "a number's shadow"],
    ["dpr=1e0", "parameter_invalid", "dpr", "1", "an exponent"],
    ["w=8&h=8&fit=crop", "parameter_invalid", "fit", undefined, "another service's value"],
    ["w=8&h=8&fit=covr", "parameter_invalid", "fit", "cover", "a slip"],
    ["fit=cover&w=8", "parameter_conflict", "fit", undefined, "fit without a pair"],
    ["fit=cover", "parameter_conflict", "fit", undefined, "fit without a pair"],
    ["p=crad", "preset_unknown", "p", "card", "a slip"],
    ["p=toString", "preset_unknown", "p", undefined, "a name on Object.prototype"],
    ["p=__proto__", "preset_unknown", "p", undefined, "a name on Object.prototype"],
    ["p=", "preset_unknown", "p", undefined, "no value"],
    ["p=card&w=8", "parameter_conflict", "w", undefined, "a preset is whole"],
    ["p=card&dpr=2", "parameter_conflict", "dpr", undefined, "a preset is whole"],
    ["p=card&f=webp", "parameter_conflict", "f", undefined, "a preset is whole"],
    ["v=a/b", "parameter_invalid", "v", undefined, "no token"],
    [`v=${"a".repeat(65)}`, "parameter_invalid", "v", undefined, "too long a token"],
    ["exp=soon", "parameter_invalid", "exp", undefined, "no time"],
  ])("%s: %s, parameter %s, nearest %s (%s)", (query, code, parameter, meant) => {
    const error = refusal(query);
    expect(error.code).toBe(code);
    expect(error.details).toMatchObject({ parameter });
    expect(error.details.nearest).toBe(meant);
    expect(error.status).toBe(400);
  });

  it("with what would have been right, and without repeating a stranger's kilobytes", () => {
    expect(refusal("f=gif").details.allowed).toEqual(["avif", "webp", "jpeg", "jpg", "auto"]);
    expect(refusal("p=x").details.allowed).toEqual(["card", "best", "wide"]);
    expect(JSON.stringify(refusal(`${"x".repeat(10_000)}=1`).details).length).toBeLessThan(600);
    expect(JSON.stringify(refusal(`w=${"x".repeat(10_000)}`).details).length).toBeLessThan(600);
  });

  it.each(["w=0", "q=hgih", "dpr=0", "f=wepb", "w=0800", "h=1e3"])(
    "%s with a nearest spelling that is accepted",
    (query) => {
      const { parameter, nearest } = refusal(query).details;
      expect(() => parseTransform(`${parameter}=${nearest}`, config)).not.toThrow();
    },
  );
});

describe("expandTransforms", () => {
  const expand = (spec: string) => expandTransforms(spec, config).map(formatTransform);

  it("takes f=auto for the formats of pages.make", () => {
    expect([expand("w=800&f=auto"), expand("p=card")]).toEqual([["w=800&q=high&f=avif"], [expect.any(String)]]);
    const all = { ...config, pages: { ...config.pages, make: "all" } } as const;
    const formats = expandTransforms("w=800&f=auto", all).map(({ format }) => format);
    expect(formats).toEqual(["avif", "webp", "jpeg"]);
    expect(expand("w=799")).toEqual(["w=800&q=high&f=webp"]);
  });

  it.each(["v=1", "exp=1", "s=x", "utm_source=x", "w=0", "p=nope", "p=card&w=3"])("refuses %s", (spec) => {
    expect(() => expandTransforms(spec, config)).toThrow(AppError);
  });
});
