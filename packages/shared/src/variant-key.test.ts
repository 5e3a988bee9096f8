import { describe, expect, it } from "vitest";
import {
  deadKey,
  encodedIdOfKey,
  idOfKey,
  imagePrefix,
  missingKey,
  parseVariantKey,
  storeKey,
  variantKey,
} from "./variant-key.ts";

const plain = { width: null, height: null, fit: null, pos: null, quality: "high", format: "webp" } as const;

describe("variantKey", () => {
  it.each([
    ["photo", plain, null, "photo/orig-high.webp"],
    ["photo", { ...plain, width: 800 }, null, "photo/800-high.webp"],
    ["photo", { ...plain, height: 800 }, null, "photo/x800-high.webp"],
    ["a/b c", { ...plain, width: 640, height: 480, fit: "cover" }, null, "a%2Fb%20c/640x480-cover-high.webp"],
    [
      "photo",
      { ...plain, width: 400, height: 400, fit: "cover", pos: "top" },
      null,
      "photo/400x400-cover-top-high.webp",
    ],
    ["photo", { ...plain, width: 800, quality: "very_low", format: "avif" }, "v1", "photo/@v1/800-very_low.avif"],
  ] as const)("of %s is right", (id, transform, v, key) => {
    expect(variantKey(id, transform, v)).toBe(key);
    expect(parseVariantKey(key)).toEqual({ id, v, transform });
    expect(idOfKey(key)).toBe(id);
    expect(key.startsWith(imagePrefix(id))).toBe(true);
  });

  it("places variants and markers apart in R2", () => {
    const key = variantKey("a/b", plain);
    expect(storeKey(key)).toBe("variants/a%2Fb/orig-high.webp");
    expect(deadKey(key)).toBe("dead/a%2Fb/orig-high.webp");
    expect(missingKey("a/b")).toBe("dead/a%2Fb/_");
    expect(encodedIdOfKey(key)).toBe("a%2Fb");
  });
});

describe("parseVariantKey refuses", () => {
  it.each([
    ["", "nothing"],
    ["photo", "no variant"],
    ["photo/", "no variant"],
    ["photo/_", "the marker of a missing original"],
    ["photo/800-high.gif", "a format that is none"],
    ["photo/800-best.webp", "a quality that is none"],
    ["photo/0800-high.webp", "a leading zero"],
    ["photo/0-high.webp", "no size"],
    ["photo/8193-high.webp", "above the absolute limit"],
    ["photo/x9000-high.webp", "above the absolute limit"],
    ["photo/100x9000-fill-high.webp", "above the absolute limit"],
    ["photo/640x480-high.webp", "a pair without fit"],
    ["photo/640-cover-high.webp", "fit without a pair"],
    ["photo/640x480-contain-top-high.webp", "a position without a crop"],
    ["photo/640x480-cover-center-high.webp", "a position that is the default"],
    ["photo/640-top-high.webp", "a position without a pair"],
    ["photo/640x480-cover-top-left-high.webp", "two positions"],
    ["photo/origx800-high.webp", "half a pair"],
    ["photo/800-high.jpg", "another spelling of jpeg"],
    ["photo/@/800-high.webp", "an empty version"],
    ["photo/@a.b/800-high.webp", "a version that is no token"],
    [`photo/@${"a".repeat(65)}/800-high.webp`, "too long a version"],
    ["a/b/800-high.webp", "an id that is not encoded"],
    ["a%2fb/800-high.webp", "an id in another encoding"],
    ["%61/800-high.webp", "an id in another encoding"],
    ["%ZZ/800-high.webp", "no encoding at all"],
    ["..%2Fa/800-high.webp", "an id that is not allowed"],
    ["a%00/800-high.webp", "an id that is not allowed"],
    ["photo/800-high.webp\n", "a line break after it"],
    ["photo/800-high.webp/", "a slash after it"],
    ["variants/photo/800-high.webp", "the place in R2 instead of the key"],
    ["__proto__", "a name on Object.prototype"],
  ])("%j (%s)", (key) => expect(parseVariantKey(key)).toBeNull());
});
