import { describe, expect, it } from "vitest";
import { createPrewarm } from "./create-prewarm.ts";
import { BASE } from "./testing/ask-edge.ts";

const { picture } = createPrewarm({
  baseUrl: BASE,
  formats: ["avif", "webp"],
  pages: { ratios: ["1:1"] },
  sign: ({ id }) => `of-${id.slice(0, 3)}`,
});
const light = { id: "light.jpg", width: 1600, height: 1200 };
const dark = { id: "dark.jpg", v: "3", width: 1000, height: 500 };
const DARK = "(prefers-color-scheme: dark)";

/** The sources of a picture, as their attributes. */
function sourcesOf(html: string): Record<string, string>[] {
  return [...html.matchAll(/<source([^>]*)>/g)].map(([, text = ""]) =>
    Object.fromEntries(
      [...text.matchAll(/ ([\w-]+)="([^"]*)"/g)].map(([, name = "", value = ""]) => [
        name,
        value.replaceAll("&amp;", "&"),
      ]),
    ),
  );
}

describe("a picture with another image", () => {
  it("has the other image's URLs, shape, version and signature under its query", () => {
    const html = picture(light, { width: 400, art: [{ media: DARK, ref: dark }] });
    const [source, ...more] = sourcesOf(html);
    expect(more).toEqual([]);
    expect(source).toMatchObject({ media: DARK, width: "400", height: "200" });
    expect(source?.srcset).toMatch(/\/dark\.jpg\?w=320&f=auto&v=3&sc=image&s=of-dar 320w, .* 828w$/);
    expect(html).toMatch(/<img [^>]*src="[^"]*\/light\.jpg[^"]*&amp;s=of-lig" width="400" height="300"/);
  });

  it("ends its candidates where the other image ends", () => {
    const [source] = sourcesOf(
      picture(light, { width: 900, art: [{ media: DARK, ref: { ...dark, width: 600, height: 300 } }] }),
    );
    expect(source?.srcset).toMatch(/ 600w$/);
  });

  it("has the box of the whole where nothing is known of the other image", () => {
    const [source] = sourcesOf(
      picture("light.jpg", { width: 400, height: 300, art: [{ media: DARK, ref: "dark.jpg" }] }),
    );
    expect(source).toMatchObject({ width: "400", height: "300" });
  });

  it("crops the other image as uploads do, and leaves a crop that they do not make", () => {
    const art = (["1:1", "4:3"] as const).map((ratio) => ({ media: ratio, ref: dark, ratio, width: 320 }));
    const [square, whole] = sourcesOf(picture(light, { width: 400, art }));
    expect(square).toMatchObject({ width: "320", height: "320" });
    expect(square?.srcset).toContain("w=320&h=320");
    expect(whole).toMatchObject({ width: "320", height: "160" });
    expect(whole?.srcset).not.toContain("&h=");
  });

  it("has one source for each format of each image, and one for what is shown as it is", () => {
    const art = [
      { media: DARK, ref: dark },
      { media: "print", ref: "ink.svg", width: 400 },
    ];
    const sources = sourcesOf(picture(light, { width: 400, art, formats: ["avif", "webp"] }));
    expect(sources.map(({ media, type }) => [media, type])).toEqual([
      [DARK, "image/avif"],
      [DARK, "image/webp"],
      ["print", undefined],
      [undefined, "image/avif"],
      [undefined, "image/webp"],
    ]);
    expect(sources[2]?.srcset).toBe(`${BASE}/images/ink.svg?sc=image&s=of-ink`);
  });

  it("may have another image beside one that is shown as it is", () => {
    const html = picture("logo.svg", {
      width: 400,
      height: 300,
      art: [
        { media: DARK, ref: dark },
        { media: "print", width: 100 },
      ],
    });
    expect(sourcesOf(html).map(({ media }) => media)).toEqual([DARK]);
    expect(html).toContain('<img src="https://images.example.com/images/logo.svg?sc=image&amp;s=of-log"');
  });
});
