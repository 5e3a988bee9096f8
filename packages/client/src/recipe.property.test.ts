import { type Config, defineConfig, type UserConfig } from "@prewarm/shared/config";
import { checkConfig } from "@prewarm/shared/config-check";
import { publicConfig } from "@prewarm/shared/public-config";
import { ids } from "@prewarm/shared/testing/arbitraries";
import { expandTransforms, formatTransform } from "@prewarm/shared/transform";
import { recipesOf } from "@prewarm/shared/upload-recipe";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createMeta, createPrewarm } from "./create-prewarm.ts";
import astro from "./loaders/astro.ts";
import { eleventyOptions, urlFormat } from "./loaders/eleventy.ts";
import { createLoader } from "./loaders/next.ts";
import nuxt from "./loaders/nuxt.ts";
import { createTransformer } from "./loaders/unpic.ts";
import type { ClientOptions } from "./public-config.ts";
import { BASE, readUrl } from "./testing/ask-edge.ts";

// Every URL that a helper or a loader makes is a URL of a variant that an upload makes: the proof of decisions/13.

/** A page's wish, in words that the configuration may not have. */
interface Asked {
  width: number;
  height: number;
  dpr: number;
  ratio: string | undefined;
  quality: string | number | undefined;
  format: string | undefined;
  widths: number[];
  densities: number[];
  fit: string;
}

type Ref = { id: string; width?: number; height?: number };
type Urls = (options: ClientOptions, ref: Ref, asked: Asked) => string[];

const urlsIn = (text: string): string[] =>
  text.replaceAll("&amp;", "&").match(/https:\/\/images\.example\.com\/[^\s"]+/g) ?? [];
const part = ({ width, ratio, quality, format }: Asked) => ({ width, ratio, quality, format }) as never;
const box = (asked: Asked) => ({ ...(part(asked) as object), height: asked.height }) as never;
const path = ({ id }: Ref): string => `/${id.split("/").map(encodeURIComponent).join("/")}`;
const words = ({ ratio: _, widths: __, densities: ___, dpr: ____, ...rest }: Asked) => rest as never;
const service = (options: ClientOptions) => ({ service: { config: { ...options } } });

const HELPERS: Record<string, Urls> = {
  "imageUrl with a width": (options, ref, asked) => [
    createPrewarm(options).imageUrl(ref, { ...(part(asked) as object), dpr: asked.dpr } as never),
  ],
  "imageUrl without a width": (options, ref) => [createPrewarm(options).imageUrl(ref)],
  srcset: (options, ref, asked) => urlsIn(createPrewarm(options).srcset(ref, part(asked))),
  "srcset with widths": (options, ref, { widths }) => urlsIn(createPrewarm(options).srcset(ref, { widths })),
  "srcset with densities": (options, ref, { width, densities }) =>
    urlsIn(createPrewarm(options).srcset(ref, { width, densities } as never)),
  img: (options, ref, asked) => urlsIn(createPrewarm(options).img(ref, box(asked))),
  preload: (options, ref, asked) => urlsIn(createPrewarm(options).preload(ref, box(asked))),
  picture: (options, ref, asked) =>
    urlsIn(
      createPrewarm(options).picture(ref, {
        ...(box(asked) as object),
        art: [
          { media: "(max-width: 600px)", ratio: asked.ratio, width: asked.height },
          { media: "(max-width: 900px)", ratio: "1:1" },
        ],
        formats: ["avif", "webp"],
      } as never),
    ),
  "picture with other images": (options, ref, asked) =>
    urlsIn(
      createPrewarm(options).picture(ref, {
        ...(box(asked) as object),
        art: [
          { media: "(prefers-color-scheme: dark)", ref: { ...ref, id: `dark/${ref.id}` }, width: asked.height },
          { media: "(max-width: 600px)", ref: `small/${ref.id}`, ratio: "1:1", width: asked.width, sizes: "100vw" },
          { media: "print", ref: { id: "print.png", width: 999, height: 333 }, ratio: "1.91:1" },
        ],
        formats: asked.format === undefined ? undefined : ["avif", asked.format],
      } as never),
    ),
  meta: (options, ref) =>
    Object.values(createMeta(options)(ref)).flatMap((part) =>
      urlsIn(JSON.stringify(part).replaceAll('\\"', '"').replaceAll('"', " ")),
    ),
  "every preset": (options, ref) =>
    Object.keys(options.presets ?? {}).flatMap((preset) => {
      const prewarm = createPrewarm(options);
      const asked = { preset } as never;
      return [prewarm.imageUrl(ref, asked), ...urlsIn(prewarm.img(ref, asked) + prewarm.preload(ref, asked))];
    }),
  imageSet: (options, ref, asked) => urlsIn(createPrewarm(options).imageSet(ref, part(asked))),
  og: (options, ref) => [createPrewarm(options).og(ref)],
  next: (options, ref, asked) => [createLoader(options)({ src: path(ref), ...(words(asked) as { width: number }) })],
  nuxt: (options, ref, asked) => [nuxt().getImage(path(ref), { ...options, modifiers: words(asked) }).url],
  "astro getURL": (options, ref, asked) => [
    astro.getURL({ src: path(ref), ...(words(asked) as object) }, service(options)),
  ],
  "astro getSrcSet": (options, ref, asked) =>
    astro
      .getSrcSet({ src: path(ref), ...(words(asked) as object), widths: asked.widths }, service(options))
      .map(({ transform }) => astro.getURL(transform, service(options))),
  unpic: (options, ref, asked) => [createTransformer(options)(path(ref), words(asked))],
  "unpic without a width": (options, ref) => [createTransformer(options)(path(ref), {})],
  eleventy: (options, ref, { width, format }) => [
    eleventyOptions(options).urlFormat({ src: path(ref), width }),
    urlFormat(options)({ src: path(ref), width, ...(format && { format }) }),
  ],
};

const sources = [{ prefix: "", url: "https://cdn.example.com/originals/{id}" }];
const SITES: Record<string, Partial<UserConfig>> = {
  "the defaults": {},
  "every line of pages": {
    presets: { "a-card": "w=640&h=480&f=auto", sharp: "w=750&q=very_high&f=webp" },
    pages: {
      widths: [64, 128, 320, 480, 640, 828, 1080, 1440, 1920],
      qualities: ["low", "high"],
      ratios: ["1:1", "9:16"],
      formats: ["auto", "png"],
    },
    formats: ["webp", "avif", "jpeg", "png"],
  },
  "one format, a preset og": {
    formats: ["webp", "jpeg"],
    presets: { og: "w=1200&h=630&f=jpeg", card: "w=640&h=480&f=auto" },
    pages: { widths: [400, 800], formats: ["webp"] },
  },
  "widths up to 3840": { pages: { widths: [640, 1920, 2560, 3840], ratios: ["16:9"] } },
  "a preset og": { presets: { og: "w=1200&h=630&f=jpeg" } },
  "access for pages only": { access: "signed", pages: { widths: [100, 500, 1000], qualities: ["low", "medium"] } },
};

/** What an upload makes, as canonical queries. */
function madeBy(config: Config): Set<string> {
  return new Set(recipesOf(config).upload.flatMap((spec) => expandTransforms(spec, config).map(formatTransform)));
}

const px = fc.integer({ min: 1, max: 6000 });
const asked: fc.Arbitrary<Asked> = fc.record({
  width: px,
  height: px,
  dpr: fc.double({ min: 0, max: 9, noNaN: true }),
  ratio: fc.constantFrom("1:1", "1.91:1", undefined),
  quality: fc.constantFrom("very_low", "low", "high", 60, 95, undefined),
  format: fc.constantFrom("avif", "webp", "jpeg", "auto", undefined),
  widths: fc.array(px, { maxLength: 4 }),
  densities: fc.constant([1, 1.5, 2]),
  fit: fc.constantFrom("cover", "contain"),
});
const refs: fc.Arbitrary<Ref> = fc
  .record({ id: ids, width: fc.option(px, { nil: undefined }), height: fc.option(px, { nil: undefined }) })
  .filter(({ id }) => !/^[_@]|\.(svg|gif|ico)$/i.test(id))
  .map((ref) => JSON.parse(JSON.stringify(ref)));

describe.each(Object.entries(SITES))("with %s", (_, user) => {
  const config = defineConfig({ sources, ...user });
  const options = { baseUrl: BASE, ...publicConfig(config) } as ClientOptions;
  const made = madeBy(config);

  it("the configuration is sound", () => expect(checkConfig(config)).toEqual([]));

  it.each(Object.entries(HELPERS))("every URL of %s is in the recipe", (name, urlsOf) => {
    let seen = 0;
    fc.assert(
      fc.property(refs, asked, (ref, each) => {
        const known = { ...each, ...(each.ratio && !config.ratios.includes(each.ratio) && { ratio: undefined }) };
        for (const url of urlsOf(options, ref, known)) {
          seen += 1;
          const query = formatTransform(readUrl(url, config).transform);
          expect([url, query, made.has(query)]).toEqual([url, query, true]);
        }
      }),
      { numRuns: 60 },
    );
    expect(seen > 30 || (name === "every preset" && Object.keys(options.presets ?? {}).length === 0)).toBe(true);
  });
});
