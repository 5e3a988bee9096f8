import { QUALITIES } from "@prewarm/shared/config";
import { ids } from "@prewarm/shared/testing/arbitraries";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createPrewarm } from "./create-prewarm.ts";
import { DEFAULTS } from "./defaults.ts";
import type { ImageRef } from "./public-config.ts";
import { BASE, config, faultOf, readUrl } from "./testing/ask-edge.ts";

const presets = config.presets as Record<"card" | "og" | "a b", string>;
/** A site whose list has every quality, every declared shape and most formats. */
const pages = { qualities: QUALITIES, ratios: DEFAULTS.ratios };
const formats = ["avif", "webp", "jpeg"] as const;
const prewarm = createPrewarm({ baseUrl: `${BASE}/`, presets, pages, formats });

/** Whatever looks like a URL in markup, with its entities read. */
function urlsIn(markup: string): string[] {
  const text = markup.replaceAll("&amp;", "&");
  return text.match(/https:\/\/images\.example\.com\/[^\s"]+/g) ?? [];
}

const px = fc.integer({ min: 1, max: 10_000 });
const some = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });
const refs: fc.Arbitrary<ImageRef> = fc
  .record({ id: ids, v: some(fc.string()), width: some(px), height: some(px) })
  .map((ref) => JSON.parse(JSON.stringify(ref)));
const picked = {
  quality: some(fc.oneof(fc.constantFrom(...QUALITIES), fc.double({ min: 0.1, max: 100, noNaN: true }))),
  format: some(fc.constantFrom("webp" as const, "avif" as const, "jpeg" as const, "auto" as const)),
  v: some(fc.string()),
};
const ratio = fc.constantFrom(...DEFAULTS.ratios);
/** Without the members that are undefined. */
const written = <T>(value: T): T => JSON.parse(JSON.stringify(value));

describe("every URL of every function", () => {
  it("is one that the edge takes unsigned, in its own spelling", () => {
    const options = fc
      .record({
        width: fc.double({ min: 0.5, max: 9000, noNaN: true }),
        dpr: some(fc.double({ min: 0, max: 9, noNaN: true })),
        ratio: some(ratio),
        ...picked,
      })
      .map(written);
    fc.assert(
      fc.property(refs, options, (ref, asked) => {
        const { dpr: _, ...rest } = asked;
        const box = { ...rest, width: Math.ceil(asked.width), height: 600 } as never;
        const urls = [
          prewarm.imageUrl(ref, asked),
          prewarm.imageUrl(ref),
          prewarm.og(ref),
          ...urlsIn(prewarm.srcset(ref, rest)),
          ...urlsIn(prewarm.img(ref, box)),
          ...urlsIn(prewarm.preload(ref, box)),
          ...urlsIn(prewarm.imageSet(ref, { ...rest, densities: [1, 1.5, 2] }).replaceAll('"', " ")),
          ...urlsIn(
            prewarm.picture(ref, {
              ...(box as object),
              art: [{ media: "(max-width: 600px)", ratio: "1:1" }],
              formats: ["avif", "webp"],
            } as never),
          ),
        ];
        for (const url of urls) expect(`${url}: ${faultOf(url)}`).toBe(`${url}: null`);
        expect(urls.length).toBeGreaterThan(7);
      }),
      { numRuns: 300 },
    );
  });

  it("names its id, byte for byte", () => {
    fc.assert(fc.property(ids, (id) => readUrl(prewarm.imageUrl(id)).id === id));
  });

  it("is one spelling a variant: two widths that the edge snaps to one rung are one URL", () => {
    fc.assert(
      fc.property(px, px, ratio, (a, b, shape) => {
        const [one, two] = [a, b].map((width) => prewarm.imageUrl("a", { width, ratio: shape }));
        expect(one === two).toBe(readUrl(one ?? "").key === readUrl(two ?? "").key);
      }),
    );
  });

  it("has at most 24 keys a ratio, over all widths", () => {
    for (const shape of DEFAULTS.ratios) {
      const keys = new Set(
        Array.from({ length: 3000 }, (_, n) => prewarm.imageUrl("a", { width: n + 1, ratio: shape })),
      );
      expect(keys.size, shape).toBeLessThanOrEqual(24);
    }
  });
});

describe("imageUrl", () => {
  it.each([
    ["a plain id", "photo", {}, "/images/photo?w=1920&f=auto"],
    ["a width", "photo", { width: 801 }, "/images/photo?w=828&f=auto"],
    ["a density", "photo", { width: 400, dpr: 2 }, "/images/photo?w=828&f=auto"],
    ["a ratio", "photo", { width: 800, ratio: "4:3" }, "/images/photo?w=828&h=621&f=auto"],
    ["a number as quality", "photo", { quality: 50 }, "/images/photo?w=1920&q=medium&f=auto"],
    ["the usual quality, which goes without saying", "photo", { quality: 80 }, "/images/photo?w=1920&f=auto"],
    ["a preset", "photo", { preset: "card", v: "2" }, "/images/photo?p=card&v=2"],
    [
      "a version that is no token",
      "photo",
      { v: "2026-11-25T02:00:00Z" },
      "/images/photo?w=1920&f=auto&v=2026-11-25T02-00-00Z",
    ],
    ["odd letters", "für/50% off #1.jpg", { width: 320 }, "/images/f%C3%BCr/50%25%20off%20%231.jpg?w=320&f=auto"],
    ["what is shown as it is", "logo.SVG", { width: 320, v: "1" }, "/images/logo.SVG?v=1"],
  ] as const)("%s", (_, id, options, path) => {
    expect(prewarm.imageUrl(id, options as never)).toBe(BASE + path);
  });

  it("takes the ref's version, and the caller's before it", () => {
    expect(prewarm.imageUrl({ id: "a", v: "1" })).toMatch(/v=1$/);
    expect(prewarm.imageUrl({ id: "a", v: "1" }, { v: "2" })).toMatch(/v=2$/);
  });

  it("keeps to the qualities, formats, widths and shapes that uploads make", () => {
    const list = { qualities: ["low", "medium"], widths: [64, ...DEFAULTS.pages.widths] } as const;
    const few = createPrewarm({ baseUrl: BASE, pages: list, formats: ["webp", "jpeg"] });
    expect(few.imageUrl("a", { quality: 95, format: "avif" as never })).toBe(`${BASE}/images/a?w=1920&q=medium&f=auto`);
    expect(few.imageUrl("a", { width: 40, ratio: "1:1", quality: "low" })).toBe(`${BASE}/images/a?w=64&q=low&f=auto`);
    expect(few.imageUrl("a")).toContain("q=medium");
  });

  it.each(["", "/a", "a/", "a//b", "a/../b", ".", "a\\b", "a\u0000", "\ud800", "é".repeat(200)])(
    "refuses %j, which is no id",
    (id) => {
      expect(() => prewarm.imageUrl(id)).toThrow(TypeError);
    },
  );

  it("refuses a ratio or preset that is not declared, and names the declared ones", () => {
    expect(() => prewarm.imageUrl("a", { width: 1, ratio: "5:4" as never })).toThrow(/4:3/);
    expect(() => prewarm.imageUrl("a", { preset: "gone" as never })).toThrow(/card/);
  });

  it("works on the page's own host", () => {
    expect(createPrewarm({ baseUrl: "" }).imageUrl("a", { width: 320 })).toBe("/images/a?w=320&f=auto");
  });
});

describe("srcset", () => {
  const widthsOf = (text: string) => [...text.matchAll(/ (\d+)w/g)].map(([, width]) => Number(width));

  it("lists the widths that uploads warm", () => {
    expect(widthsOf(prewarm.srcset("a"))).toEqual([320, 480, 640, 828, 1080, 1440, 1920]);
  });

  it("ends where the original ends, and tells the browser the true width", () => {
    const text = prewarm.srcset({ id: "a", width: 1000, height: 500 });
    expect(widthsOf(text)).toEqual([320, 480, 640, 828, 1000]);
    expect(text).toMatch(/w=1080&f=auto 1000w$/);
  });

  it("ends where a crop uses the original up", () => {
    expect(widthsOf(prewarm.srcset({ id: "a", width: 2000, height: 500 }, { ratio: "1:1" }))).toEqual([320, 480, 500]);
  });

  it("takes widths in any order, snaps them and drops doubles", () => {
    const widths = Object.freeze([700, 310, 300]);
    expect(widthsOf(prewarm.srcset("a", { widths }))).toEqual([320, 828]);
  });

  it("speaks of densities for a fixed width", () => {
    expect(prewarm.srcset("a", { width: 320, densities: [1, 2] })).toBe(
      `${BASE}/images/a?w=320&f=auto 1x, ${BASE}/images/a?w=640&f=auto 2x`,
    );
  });

  it("is empty for an image of one size", () => expect(prewarm.srcset("a.svg")).toBe(""));
});

const photo = { id: "a", width: 1600, height: 1200, lqip: "data:image/webp;base64,UklG" };

describe("attrs", () => {
  it("has width and height if ref, ratio or preset has the shape", () => {
    const box = (attributes: { width: number | undefined; height: number | undefined }) => [
      attributes.width,
      attributes.height,
    ];
    expect(box(prewarm.attrs(photo, {}))).toEqual([1600, 1200]);
    expect(box(prewarm.attrs(photo, { width: 400 }))).toEqual([400, 300]);
    expect(box(prewarm.attrs("a", { width: 400, ratio: "16:9" }))).toEqual([400, 225]);
    expect(box(prewarm.attrs("a", { width: 400, height: 100 }))).toEqual([400, 100]);
    expect(box(prewarm.attrs("a", { preset: "card" }))).toEqual([640, 480]);
  });

  it("lets lazy images of known size choose by their box, and eager ones by the viewport", () => {
    expect(prewarm.attrs(photo, { width: 400 })).toMatchObject({
      loading: "lazy",
      sizes: "auto, (min-width: 400px) 400px, 100vw",
    });
    expect(prewarm.attrs(photo, { width: 400, priority: true })).toMatchObject({
      loading: "eager",
      fetchpriority: "high",
      sizes: "(min-width: 400px) 400px, 100vw",
    });
  });

  it("names no candidate wider than two pixels a CSS pixel, unless `sizes` says the box is another", () => {
    expect(prewarm.attrs("a", { width: 400, height: 300 }).srcset).toMatch(/ 828w$/);
    expect(prewarm.attrs("a", { width: 400, height: 300, sizes: "100vw" }).srcset).toMatch(/ 1920w$/);
  });

  it("crops by CSS where uploads do not, with a picture that is wide enough for its box", () => {
    const plain = createPrewarm({ baseUrl: BASE });
    const wide = { id: "a", width: 4000, height: 2000 };
    const { src, sizes, srcset, style, ...box } = plain.attrs(wide, { width: 400, ratio: "1:1" });
    expect(box).toMatchObject({ width: 400, height: 400 });
    expect(style).toBe("aspect-ratio:1/1;object-fit:cover");
    expect(src).toBe(`${BASE}/images/a?w=828&f=auto`);
    expect(sizes).toBe("auto, (min-width: 400px) 800px, 200vw");
    expect(srcset).toMatch(/ 1920w$/);
    expect(plain.attrs("a", { width: 400, ratio: "1:1", placeholder: true }).sizes).toMatch(/400px, 100vw$/);
  });

  it("has a src that uploads make", () => {
    const { src, srcset } = prewarm.attrs(photo, { width: 400 });
    expect(srcset).toContain(`${src} `);
  });

  it("shows the placeholder if asked for, and never a URL that is no picture", () => {
    expect(prewarm.attrs(photo, { width: 400 }).style).toBeUndefined();
    expect(prewarm.attrs(photo, { width: 400, placeholder: true }).style).toContain("url(data:image/webp;base64,UklG)");
    const evil = { ...photo, lqip: 'data:image/webp;base64,A);background:url("//evil' };
    expect(prewarm.attrs(evil, { width: 400, placeholder: true }).style).toBeUndefined();
  });
});

describe("markup", () => {
  it("escapes characters that could end an attribute", () => {
    const html = prewarm.img("a'b", { width: 32, height: 32, alt: `"><script>&` });
    expect(html).toContain('alt="&quot;>&lt;script>&amp;"');
    expect(html.match(/<|"/g)).toHaveLength(1 + 2 * html.split('="').length - 2);
  });

  it("has a source a cut and a format, and a JPEG for the rest", () => {
    const html = prewarm.picture("a", {
      width: 800,
      height: 450,
      art: [{ media: "(max-width: 600px)", ratio: "1:1", width: 400 }],
      formats: ["avif", "webp"],
    });
    expect(html.match(/<source/g)).toHaveLength(4);
    expect(html).toMatch(/^<picture><source media="\(max-width: 600px\)" type="image\/avif"/);
    expect(html).toMatch(/width="400" height="400"/);
    expect(html).toMatch(/<img[^>]*f=jpeg/);
  });

  it("has the whole picture, in its own shape, for a cut that uploads do not make", () => {
    const art = [{ media: "print", ratio: "1:1", width: 300 }] as const;
    const html = createPrewarm({ baseUrl: BASE }).picture(photo, { width: 600, art });
    expect(html).toMatch(/<source media="print" srcset="[^"]*w=640&amp;f=auto 640w" [^>]*width="300" height="225">/);
    expect(html).not.toContain("object-fit");
  });

  it("of a preload asks for what the eager image asks for", () => {
    const options = { width: 800, height: 450, priority: true } as const;
    const { srcset, sizes } = prewarm.attrs("a", options);
    const html = prewarm.preload("a", options).replaceAll("&amp;", "&");
    expect(html).toContain(`imagesrcset="${srcset}" imagesizes="${sizes}" fetchpriority="high"`);
    expect(html).not.toContain("href");
  });

  it("of CSS names both densities", () => {
    expect(prewarm.imageSet("a", { width: 320 })).toBe(
      `image-set(url("${BASE}/images/a?w=320&f=auto") 1x,url("${BASE}/images/a?w=640&f=auto") 2x)`,
    );
  });
});

describe("og", () => {
  it("is the preset og, or else a JPEG of a width of the list", () => {
    const og = (options: object) => createPrewarm({ baseUrl: BASE, ...options }).og("a");
    expect(og({})).toBe(`${BASE}/images/a?w=1440&f=jpeg`);
    expect(og({ presets })).toBe(`${BASE}/images/a?p=og`);
    expect(prewarm.og("a")).toBe(`${BASE}/images/a?p=og`);
  });
});

describe("types", () => {
  it("know the names of the configuration", () => {
    const small = createPrewarm({ baseUrl: BASE, ratios: ["2:1"], presets: { hero: "w=640" }, formats: ["webp"] });
    const refused = () => {
      // @ts-expect-error: there is no such preset
      small.imageUrl("a", { preset: "card" });
      // @ts-expect-error: a preset is whole
      small.imageUrl("a", { preset: "hero", width: 3 });
      // @ts-expect-error: the ratio is not declared
      small.imageUrl("a", { width: 3, ratio: "16:9" });
      // @ts-expect-error: the format is not configured
      small.imageUrl("a", { format: "avif" });
      // @ts-expect-error: a bare id has no shape
      small.attrs("a", { width: 3 });
    };
    expect(refused).toThrow("card");
    expect(small.attrs({ id: "a", width: 4, height: 2 }, { width: 2 }).height).toBe(1);
  });
});
