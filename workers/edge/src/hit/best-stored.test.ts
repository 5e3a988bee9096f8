import { FORMATS, type Format } from "@prewarm/shared/config";
import { withStored } from "@prewarm/shared/image-info";
import { transforms } from "@prewarm/shared/testing/arbitraries";
import type { Transform } from "@prewarm/shared/transform";
import { parseVariantName, variantName } from "@prewarm/shared/variant-key";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { noted } from "../testing/setup.ts";
import { bestStored, showsNoMore } from "./best-stored.ts";

/** Larger than every variant, so that a variant is as large as its name says. */
const ORIGINAL = { width: 9000, height: 6000, version: null };
const ACCEPTS = [
  "image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8",
  "image/webp,image/png,image/svg+xml,image/*;q=0.8,*/*;q=0.5",
  "image/png,image/svg+xml,image/*;q=0.8,*/*;q=0.5",
  "image/avif,image/webp;q=0,*/*",
  "image/avif;q=0.5,image/jpeg;q=0,image/webp",
  "*/*",
  "*/*;q=0",
  "text/html",
  null,
];

const requests = fc.record({
  transform: transforms,
  version: fc.constant(null),
  negotiated: fc.boolean(),
  accept: fc.constantFrom(...ACCEPTS),
});
const stored = fc.array(transforms, { maxLength: 30 });
const infoOf = (all: readonly Transform[]) => withStored({ ...ORIGINAL, stored: {}, others: [] }, all);

const transformsOf = (names: readonly string[]) => names.map(parseVariantName).filter((one) => one !== null);

/** In px, as its name says. */
function widthOf({ width, height, fit }: Transform): number {
  const whole = height === null ? ORIGINAL.width : (height * ORIGINAL.width) / ORIGINAL.height;
  return fit === "contain" ? Math.min(width ?? 0, whole) : (width ?? whole);
}

function ratioOf({ width, height, fit }: Transform): number {
  return width === null || height === null || fit === "contain" ? ORIGINAL.width / ORIGINAL.height : width / height;
}

const isLike = (a: Transform, b: Transform) => Math.abs(ratioOf(a) / ratioOf(b) - 1) <= 0.02;
const gap = (a: Transform, b: Transform) => Math.abs(Math.log(widthOf(a) / widthOf(b)));
/** What a client must show: the asked format and the older ones, none of which it refuses. */
const mustShow = (asked: Format, accept: string | null) =>
  accept === null || !accept.includes("q=0,") ? FORMATS.slice(FORMATS.indexOf(asked)) : [asked];

describe("bestStored, for every stored set, request and Accept", () => {
  it("names stored variants only, each once, and never the asked one", () => {
    fc.assert(
      fc.property(stored, requests, (all, wanted) => {
        const names = bestStored(wanted, infoOf(all)).map(variantName);
        expect(new Set(names).size).toBe(names.length);
        expect(all.map(variantName)).toEqual(expect.arrayContaining(names));
        expect(names).not.toContain(variantName(wanted.transform));
      }),
    );
  });

  it("is empty only if no other variant is stored that the client must show", () => {
    fc.assert(
      fc.property(stored, requests, (all, wanted) => {
        fc.pre(wanted.accept !== "*/*;q=0");
        const shown = mustShow(wanted.transform.format, wanted.accept);
        const others = all.filter((each) => variantName(each) !== variantName(wanted.transform));
        if (!others.some(({ format }) => shown.includes(format))) return;
        expect(bestStored(wanted, infoOf(all))).not.toEqual([]);
      }),
    );
  });

  it("never has a format that the client refuses, or AVIF that it neither asked for nor named", () => {
    fc.assert(
      fc.property(stored, requests, (all, wanted) => {
        const { accept, negotiated, transform } = wanted;
        const formats = new Set(bestStored(wanted, infoOf(all)).map(({ format }) => format));
        formats.delete(transform.format);
        if (accept?.includes("image/webp;q=0,")) expect(formats).not.toContain("webp");
        if (accept?.includes("image/jpeg;q=0,")) expect(formats).not.toContain("jpeg");
        if (accept === "*/*;q=0") expect([...formats]).toEqual([]);
        if (!negotiated || !accept?.includes("image/avif")) expect(formats).not.toContain("avif");
      }),
    );
  });

  it("begins with one at least half as wide, or with the widest", () => {
    fc.assert(
      fc.property(stored, requests, (all, wanted) => {
        const [best, ...rest] = bestStored(wanted, infoOf(all));
        if (best === undefined || widthOf(best) * 2 >= widthOf(wanted.transform)) return;
        for (const each of rest) expect(widthOf(each)).toBeLessThanOrEqual(widthOf(best));
      }),
    );
  });

  it("begins with the asked shape, and then with the closest width, among those that are wide enough", () => {
    fc.assert(
      fc.property(stored, requests, (all, wanted) => {
        const asked = wanted.transform;
        // Of these clients a format is a guess, which comes last.
        fc.pre(wanted.accept?.includes("image/") ?? false);
        const [best, ...rest] = bestStored(wanted, infoOf(all));
        const rivals = rest.filter((each) => widthOf(each) * 2 >= widthOf(asked));
        if (best === undefined || rivals.length === 0) return;
        const alike = rivals.filter((each) => isLike(each, asked));
        if (!isLike(best, asked)) expect(alike).toEqual([]);
        const sameCut = ({ pos, fit }: Transform) => pos === best.pos && (fit === "fill") === (best.fit === "fill");
        const equal = isLike(best, asked) ? alike.filter(sameCut) : rivals;
        for (const each of equal) expect(gap(best, asked)).toBeLessThanOrEqual(gap(each, asked) + 1e-9);
      }),
    );
  });
});

describe("bestStored", () => {
  const order = (names: string[], asked: string, original = ORIGINAL) => {
    const [transform] = transformsOf([asked]);
    if (transform === undefined) throw new Error(asked);
    const wanted = { transform, version: null, negotiated: true, accept: ACCEPTS[0] ?? null };
    return bestStored(wanted, { ...original, ...noted(names) }).map(variantName);
  };

  it.each<[string, string[], string]>([
    ["closeness is a ratio", ["400-high.webp", "1920-high.webp"], "800-high.webp"],
    ["half as wide is wide enough", ["400-high.webp", "2048-high.webp"], "800-high.webp"],
    ["less than half is not", ["1920-high.webp", "384-high.webp"], "800-high.webp"],
    [
      "of too narrow ones the widest, whatever its shape",
      ["320x320-cover-high.webp", "160-high.webp"],
      "1920-high.webp",
    ],
    ["the closest quality", ["800-high.webp", "800-low.webp", "800-very_low.webp"], "800-very_high.webp"],
    ["a closer width before a closer quality", ["828-low.webp", "640-high.webp"], "800-high.webp"],
    ["the asked format, then the newest", ["828-high.webp", "828-high.avif", "828-high.jpeg"], "800-high.webp"],
    [
      "the same part, the same shape, another shape",
      ["400x400-cover-top-high.webp", "384x384-cover-high.webp", "400-high.webp"],
      "400x400-cover-top-low.webp",
    ],
    ["a picture that is stretched is not of the shape", ["640-high.webp", "640x427-fill-high.webp"], "640-low.webp"],
    ["contain keeps the original's shape", ["640x640-contain-high.webp", "640x640-cover-high.webp"], "640-high.webp"],
    ["a height alone, too", ["x427-high.webp", "640x640-cover-high.webp"], "640-high.webp"],
  ])("%s: %j for %s", (_what, names, asked) => {
    expect(order(names.toReversed(), asked)).toEqual(names);
  });

  it("takes variants for as large as the original makes them", () => {
    const small = { ...ORIGINAL, width: 700, height: 500 };
    expect(order(["1080-high.webp", "640-high.webp"].toReversed(), "1920-low.webp", small)).toEqual([
      "1080-high.webp",
      "640-high.webp",
    ]);
    // 1920 is asked for, 700 is there to be had, and 384 is more than half of it.
    expect(order(["384-high.webp", "400x400-cover-high.webp"], "1920-low.webp", small)).toEqual([
      "384-high.webp",
      "400x400-cover-high.webp",
    ]);
  });
});

describe("showsNoMore", () => {
  it.each<[string, string, boolean]>([
    ["640-high.webp", "800-low.avif", true],
    ["800-high.webp", "800-low.avif", true],
    ["828-high.webp", "800-low.avif", false],
    ["640-high.webp", "640x640-cover-high.webp", false],
    ["320x320-cover-high.webp", "640x640-cover-high.webp", true],
    ["320x320-cover-top-high.webp", "640x640-cover-high.webp", false],
    ["320x320-cover-high.webp", "640-high.webp", false],
    ["orig-high.webp", "orig-low.webp", true],
    ["orig-high.webp", "2048-low.webp", false],
  ])("%s beside %s: %s", (other, asked, expected) => {
    const [a, b] = transformsOf([other, asked]);
    expect(a !== undefined && b !== undefined && showsNoMore(a, b, ORIGINAL)).toBe(expected);
  });
});
