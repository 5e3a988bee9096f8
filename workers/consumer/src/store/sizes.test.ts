import { FORMATS } from "@prewarm/shared/config";
import { parseVariantName } from "@prewarm/shared/variant-key";
import { describe, expect, it } from "vitest";
import { sizesOf, withSizes } from "./sizes.ts";

function variant(name: string, bytes: number) {
  const transform = parseVariantName(name);
  if (transform === null) throw new Error(`${name} is no variant`);
  return { transform, bytes };
}

describe("the sizes of a note", () => {
  it("are those of each picture's formats, the last one of each", () => {
    const first = withSizes({}, [variant("800-high.webp", 20), variant("640x480-cover-high.webp", 7)]);
    const note = withSizes(first, [variant("800-high.avif", 30), variant("800-high.webp", 21)]);
    expect(sizesOf(note, "800-high")).toEqual(new Map(Object.entries({ avif: 30, webp: 21 })));
    expect(sizesOf(note, "640x480-cover-high")).toEqual(new Map([["webp", 7]]));
    expect(sizesOf(note, "orig-high").size).toBe(0);
  });

  it("are the same text, whichever was stored first", () => {
    const all = FORMATS.map((format, n) => variant(`800-high.${format}`, n + 1));
    expect(JSON.stringify(withSizes({}, all))).toBe(JSON.stringify(withSizes({}, all.toReversed())));
  });

  it("keep 64 pictures, the newest", () => {
    const note = Array.from({ length: 80 }, (_, n) => variant(`${n + 100}-high.webp`, n + 1)).reduce(
      (before, one) => withSizes(before, [one]),
      {},
    );
    expect([sizesOf(note, "115-high").size, sizesOf(note, "116-high").size]).toEqual([0, 1]);
    expect(JSON.stringify(note).length).toBeLessThan(64 * 80);
  });

  it.each([undefined, null, 5, "text", [1], { "800-high": null }, { "800-high": { webp: -1, avif: "9", gif: 4 } }])(
    "are none in a note that says %j",
    (sizes) => {
      expect(sizesOf({ sizes }, "800-high").size).toBe(0);
      expect(withSizes({ sizes }, [variant("800-high.webp", 3)])).toEqual({ sizes: { "800-high": { webp: 3 } } });
    },
  );
});
