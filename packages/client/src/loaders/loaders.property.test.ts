import { ids } from "@prewarm/shared/testing/arbitraries";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BASE, faultOf, readUrl } from "../testing/ask-edge.ts";
import astro from "./astro.ts";
import { urlFormat } from "./eleventy.ts";
import { createLoader } from "./next.ts";
import nuxt from "./nuxt.ts";
import { createTransformer } from "./unpic.ts";

const options = { baseUrl: BASE };
const config = { service: { config: options } };
const [next, unpic, eleventy] = [createLoader(options), createTransformer(options), urlFormat(options)];

/** What libraries hand on, and what a page's author may write there. */
type Asked = Record<"width" | "height" | "quality" | "format" | "fit", never>;

const LOADERS: Record<string, (src: string, asked: Asked) => string[]> = {
  next: (src, asked) => [next({ src, ...asked })],
  nuxt: (src, asked) => [nuxt().getImage(src, { ...options, modifiers: asked }).url],
  astro: (src, asked) => [
    astro.getURL({ src, ...asked }, config),
    ...astro
      .getSrcSet({ src, ...asked, widths: [asked.width, 300, 5000] }, config)
      .map(({ transform }) => astro.getURL(transform, config)),
  ],
  unpic: (src, asked) => [unpic(src, asked)],
  eleventy: (src, asked) => [eleventy({ src, ...asked })],
};

const word = fc.oneof(
  fc.double(),
  fc.integer({ min: -1, max: 6000 }),
  fc.string(),
  fc.constantFrom("800", "50%", "auto", "jpg", "cover", "contain", "low", "max", null, undefined),
);
const asked = fc.record({ width: word, height: word, quality: word, format: word, fit: word }) as fc.Arbitrary<Asked>;
const encoded = (id: string) => `/${id.split("/").map(encodeURIComponent).join("/")}`;
const sources = fc.oneof(
  ids.map(encoded),
  ids.map((id) => `/${id}`),
  fc.tuple(ids.map(encoded), fc.string()).map(([path, query]) => `${BASE}/images${path}?${query}`),
  fc.webUrl({ withQueryParameters: true, withFragments: true }),
  fc.string(),
);

describe.each(Object.entries(LOADERS))("whatever %s asks", (_, urlsOf) => {
  it("is one URL that the edge takes unsigned, in the edge's own spelling, or the source untouched", () => {
    fc.assert(
      fc.property(sources, asked, (src, each) => {
        for (const url of urlsOf(src, each)) if (url !== src) expect([url, faultOf(url)]).toEqual([url, null]);
      }),
      { numRuns: 500 },
    );
  });

  it("names the id that was meant, byte for byte, with any version beside it", () => {
    fc.assert(
      fc.property(ids, fc.string(), asked, (id, v, each) => {
        fc.pre(!/^[_@]/.test(encoded(id).slice(1))); // a build's own
        for (const url of urlsOf(`${encoded(id)}?v=${encodeURIComponent(v)}`, each)) expect(readUrl(url).id).toBe(id);
      }),
    );
  });
});
