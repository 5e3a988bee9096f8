import { describe, expect, it } from "vitest";
import { createCore, createPrewarm } from "./create-prewarm.ts";
import { createLoader } from "./loaders/next.ts";
import { handleImages } from "./service-worker.ts";
import { BASE } from "./testing/ask-edge.ts";

const prewarm = createPrewarm({ baseUrl: BASE });
const { imageUrl, srcset, attrs, img, picture, imageSet } = prewarm;

describe("words that no URL can say are refused in JavaScript, too", () => {
  it.each([
    [{ quality: "hihg" }, '"hihg" is not one of very_low,low,medium,high,very_high'],
    [{ quality: 101 }, '"101" is not one of very_low,low,medium,high,very_high'],
    [{ quality: "toString" }, '"toString" is not one of very_low,low,medium,high,very_high'],
    [{ format: "gif" }, '"gif" is not one of auto,avif,webp,jpeg,png'],
    [{ width: Number.NaN }, '"NaN" is not a size'],
    [{ width: "wide" }, '"wide" is not a size'],
    [{ dpr: -1 }, '"-1" is not a size'],
  ])("%o", (options, message) => {
    for (const call of [imageUrl, srcset, attrs, img, picture, imageSet])
      expect(() => call("a", options as never)).toThrow(message);
  });

  it.each([
    { widths: [320, Number.NaN] },
    { densities: ["2x"] },
    { minWidth: Number.NaN },
    { height: "auto" },
    { formats: ["avif", "tiff"] },
    { art: [{ media: "print", width: Number.NaN }] },
    { art: [{ media: "print", format: "gif" }] },
  ])("in a picture: %o", (options) => {
    expect(() => picture("a", { width: 1, height: 1, ...options } as never)).toThrow(/is not (a size|one of auto)/);
  });

  it("and a preset of a site without presets, with the missing setting in the error", () => {
    expect(() => imageUrl("a", { preset: "crad" } as never)).toThrow(
      '"crad" is not declared: spread what `prewarm print client` prints beside baseUrl',
    );
  });

  it("but not empty words, or a format that uploads do not make", () => {
    const url = imageUrl("a");
    for (const options of [{ width: undefined, quality: null, format: undefined }, { width: 0 }, { format: "png" }])
      expect(imageUrl("a", options as never)).toBe(url);
    expect(imageUrl("a", { width: "300" } as never)).toContain("w=320");
  });
});

describe("baseUrl", () => {
  it.each([
    [undefined, "undefined"],
    [null, "null"],
    ["images.example.com", "images.example.com"],
    ["https://images.example.com/images/", "https://images.example.com/images/"],
    ["ftp://images.example.com", "ftp://images.example.com"],
  ])("%o is refused, and the error shows the right form", (baseUrl, said) => {
    const create = [createPrewarm, createCore, createLoader, handleImages] as ((options: never) => unknown)[];
    for (const call of create)
      expect(() => call({ baseUrl } as never)).toThrow(
        `baseUrl is ${said}: write https://images.example.com, without /images, or "" for the page's own host`,
      );
  });

  it.each([
    ["https://images.example.com/", "https://images.example.com"],
    ["http://localhost:8787", "http://localhost:8787"],
    ["https://example.com/cdn//", "https://example.com/cdn"],
    ["/cdn", "/cdn"],
    ["//images.example.com", "//images.example.com"],
    ["", ""],
  ])("%o is taken", (baseUrl, base) => {
    expect(createPrewarm({ baseUrl }).imageUrl("a", { width: 320 })).toBe(`${base}/images/a?w=320&f=auto`);
  });
});
