import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { QUALITIES } from "./config.ts";
import { maximum } from "./ladder.ts";
import { QUALITY_TABLE } from "./parameter-values.ts";
import { ids, testConfig, transforms, versions } from "./testing/arbitraries.ts";
import { formatTransform, parseTransform, type Transform } from "./transform.ts";
import { parseVariantKey, variantKey } from "./variant-key.ts";

const parse = (query: string) => parseTransform(query, testConfig, null);

/** Every way of writing one transform that the grammar knows, in any order. */
function spellings(transform: Transform): fc.Arbitrary<string> {
  const { width, height, fit, pos, quality, format } = transform;
  const from = quality === "very_low" ? 1 : (QUALITY_TABLE[QUALITIES.indexOf(quality) - 1]?.upTo ?? 0) + 1;
  const upTo = QUALITY_TABLE.find((row) => row.quality === quality)?.upTo ?? 0;
  const pairs: fc.Arbitrary<string>[] = [
    fc.oneof(
      fc.constant(`q=${quality}`),
      fc.integer({ min: from, max: upTo }).map((number) => `q=${number}`),
    ),
    fc.constantFrom(...(format === "jpeg" ? ["f=jpeg", "f=jpg"] : [`f=${format}`])),
    fc.constantFrom("utm_source=x", "fbclid=1", "_=2", "dpl=y"),
  ];
  if (quality === "high") pairs[0] = fc.constantFrom("q=high", "q=75", "gclid=0");
  if (format === "webp") pairs[1] = fc.constantFrom("f=webp", "t=9");
  if (width !== null) pairs.push(height === null ? widthSpelling("w", width) : fc.constant(`w=${width}`));
  if (height !== null) pairs.push(width === null ? widthSpelling("h", height) : fc.constant(`h=${height}`));
  if (fit !== null) pairs.push(fc.constantFrom(...(fit === "cover" ? ["fit=cover", "utm_x="] : [`fit=${fit}`])));
  if (pos !== null) pairs.push(fc.constant(`pos=${pos}`));
  return fc
    .tuple(...pairs)
    .chain((list) => fc.shuffledSubarray(list, { minLength: list.length }))
    .map((list) => list.join("&"));
}

/** Any size that snaps up to this rung; above the top rung there is no end. */
function widthSpelling(name: string, rung: number): fc.Arbitrary<string> {
  const below = testConfig.ladder[testConfig.ladder.indexOf(rung) - 1] ?? 0;
  const top = rung === maximum(testConfig.ladder) ? 10 ** 9 : rung;
  return fc.integer({ min: below + 1, max: top }).map((px) => `${name}=${px}`);
}

describe("parse and print", () => {
  it("are inverse: parse(print(t)) = t", () => {
    fc.assert(
      fc.property(transforms, (transform) => {
        expect(parse(formatTransform(transform)).transform).toEqual(transform);
      }),
    );
  });

  it("give any order and spelling one form, hence one key", () => {
    const written = transforms.chain((transform) => fc.tuple(fc.constant(transform), spellings(transform)));
    fc.assert(
      fc.property(written, ([transform, query]) => {
        expect(formatTransform(parse(query).transform)).toBe(formatTransform(transform));
      }),
      { numRuns: 500 },
    );
  });

  it("are stable: what was snapped once does not move when it is asked for again", () => {
    const dpr = fc.integer({ min: 100, max: 300 }).map((percent) => percent / 100);
    const size = fc.integer({ min: 1, max: 100_000 });
    fc.assert(
      fc.property(size, size, dpr, (w, h, factor) => {
        const { transform } = parse(`w=${w}&h=${h}&dpr=${factor}`);
        expect(parse(formatTransform(transform)).transform).toEqual(transform);
      }),
      { numRuns: 1000 },
    );
  });
});

describe("a pair that is no crop", () => {
  it("keeps its shape within 1 px, never passes the maximum, and has a rung as its width unless its height is the maximum", () => {
    const size = fc.integer({ min: 1, max: 20_000 });
    fc.assert(
      fc.property(size, size, (w, h) => {
        const { width, height } = parse(`w=${w}&h=${h}&fit=contain`).transform;
        if (width === null || height === null) throw new Error("a pair lost a side");
        const most = maximum(testConfig.ladder);
        expect(Math.max(width, height)).toBeLessThanOrEqual(most);
        expect(testConfig.ladder.includes(width) || height === most).toBe(true);
        // One side stands where the factor puts it; the other is the nearest pixel to where the asked shape puts it, and at least 1.
        const off = Math.min(Math.abs(height - (width * h) / w), Math.abs(width - (height * w) / h));
        expect(off).toBeLessThanOrEqual(1);
      }),
      { numRuns: 2000 },
    );
  });
});

describe("variant keys", () => {
  it("are read back exactly", () => {
    fc.assert(
      fc.property(ids, transforms, versions, (id, transform, v) => {
        expect(parseVariantKey(variantKey(id, transform, v))).toEqual({ id, v, transform });
      }),
      { numRuns: 500 },
    );
  });

  it("differ whenever image, version or transform differ", () => {
    const variant = fc.tuple(fc.oneof(ids, fc.constantFrom("a", "a/b", "a%2Fb", "@a", "a/@v1")), transforms, versions);
    fc.assert(
      fc.property(variant, variant, ([id1, t1, v1], [id2, t2, v2]) => {
        const same = id1 === id2 && v1 === v2 && formatTransform(t1) === formatTransform(t2);
        expect(variantKey(id1, t1, v1) === variantKey(id2, t2, v2)).toBe(same);
      }),
      { numRuns: 1000 },
    );
  });

  it("differ for every two transforms of one image under the default ladder", () => {
    const forms = new Set<string>();
    const keys = new Set<string>();
    fc.assert(
      fc.property(transforms, (transform) => {
        forms.add(formatTransform(transform));
        keys.add(variantKey("a", transform));
      }),
      { numRuns: 2000 },
    );
    expect(keys.size).toBe(forms.size);
  });
});
