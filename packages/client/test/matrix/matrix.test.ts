import { expandTransforms } from "@prewarm/shared/transform";
import { recipesOf } from "@prewarm/shared/upload-recipe";
import { variantKey, variantName, versionOfKey } from "@prewarm/shared/variant-key";
import { describe, expect, it } from "vitest";
import { BYTES, detailOf, noted, setup } from "../../../../workers/edge/src/testing/setup.ts";
import astro from "../../src/loaders/astro.ts";
import { urlFormat } from "../../src/loaders/eleventy.ts";
import { createLoader } from "../../src/loaders/next.ts";
import nuxt from "../../src/loaders/nuxt.ts";
import { createTransformer } from "../../src/loaders/unpic.ts";
import { BASE, config, faultOf, readUrl } from "../../src/testing/ask-edge.ts";
import astroCalls from "./calls/astro.json" with { type: "json" };
import eleventyCalls from "./calls/eleventy.json" with { type: "json" };
import nextCalls from "./calls/next.json" with { type: "json" };
import nuxtCalls from "./calls/nuxt.json" with { type: "json" };
import unpicCalls from "./calls/unpic.json" with { type: "json" };
import type { Source } from "./sources.ts";

/*
 * What the real libraries ask a loader for (record.ts wrote it down), answered by our loaders, and every URL asked of the edge: none refused,
 * and none that names another image than the page meant.
 */

const options = { baseUrl: BASE };

interface Recorded {
  library: string;
  cases: { source: Source; props: object; calls: unknown[] }[];
}

/** How a recorded call becomes the URLs that stand in the page. */
type Answer = (call: never) => string[];

const loader = createLoader(options);
const transformer = createTransformer(options);
const format = urlFormat(options);
const imageConfig = { service: { config: options } };

const LIBRARIES: readonly (readonly [Recorded, Answer])[] = [
  [nextCalls as Recorded, ((call: Parameters<typeof loader>[0]) => [loader(call)]) as Answer],
  [
    nuxtCalls as Recorded,
    (([src, { modifiers }]: [string, { modifiers: object }]) => [
      nuxt().getImage(src, { ...options, modifiers }).url,
    ]) as Answer,
  ],
  [
    astroCalls as Recorded,
    ((call: Parameters<typeof astro.validateOptions>[0]) => {
      const asked = astro.validateOptions(call);
      const candidates = astro.getSrcSet(asked, imageConfig);
      return [asked, ...candidates.map(({ transform }) => transform)].map((each) => astro.getURL(each, imageConfig));
    }) as Answer,
  ],
  [
    unpicCalls as Recorded,
    (([src, operations]: Parameters<typeof transformer>) => [transformer(src, operations)]) as Answer,
  ],
  [eleventyCalls as Recorded, ((call: Parameters<typeof format>[0]) => [format(call)]) as Answer],
];

const edge = setup();

/** Where the edge sends whoever asks first: to the original. */
async function originalOf(url: string): Promise<string | null> {
  const { status, headers } = await edge.ask("HEAD", url.slice(BASE.length), { accept: "image/avif,image/webp,*/*" });
  return status === 302 ? headers.get("location") : `refused: ${status}`;
}

describe.each(LIBRARIES)("$library", ({ cases }, answer) => {
  it.each(cases.map((each) => [each.source.src, JSON.stringify(each.props), each] as const))(
    "%s %s",
    async (_src, _props, each) => {
      const { source, calls } = each;
      const urls = calls.flatMap((call) => answer(call as never));
      expect(urls.length).toBeGreaterThan(0);
      for (const url of urls) {
        if (source.id === null) {
          expect(url).toBe(source.src);
          continue;
        }
        expect([url, faultOf(url)]).toEqual([url, null]);
        const { id, version } = readUrl(url);
        expect([id, version]).toEqual([source.id, source.v ?? null]);
        const path = source.id.split("/").map(encodeURIComponent).join("/");
        expect(await originalOf(url)).toBe(`https://cdn.example.com/originals/${path}`);
      }
    },
  );
});

describe("after an upload", () => {
  const urls = LIBRARIES.flatMap(([{ cases }, answer]) =>
    cases.flatMap(({ calls }) => calls.flatMap((call) => answer(call as never))),
  ).filter((url) => url.startsWith(BASE) && !url.includes("/logo.svg"));
  const made = recipesOf(config).upload.flatMap((spec) => expandTransforms(spec, config));

  /** An edge whose store has all that uploads of these images have made, and the notes of it. */
  function uploaded() {
    const world = setup({ config });
    for (const [id, asked] of Map.groupBy(
      urls.map((url) => readUrl(url)),
      (target) => target.id,
    )) {
      const versions = new Set(asked.map(({ version }) => version));
      const keys = [...versions].flatMap((version) => made.map((each) => variantKey(id, each, version)));
      for (const key of keys) world.images.store(`variants/${key}`, BYTES);
      const others = keys.filter((key) => versionOfKey(key) !== null).map((key) => [key.slice(key.indexOf("@")), 1]);
      const known = { ...noted(made.map(variantName)), elsewhere: Object.fromEntries(others) };
      world.know(id, { ...known, version: null, width: 4000, height: 3000 });
    }
    return world;
  }

  it.each([
    ["a browser with AVIF", "image/avif,image/webp,*/*"],
    ["a browser with WebP", "image/webp,*/*"],
    ["the oldest browser", "image/png,image/svg+xml,image/*;q=0.8,*/*;q=0.5"],
    ["a crawler", "*/*"],
  ])("%s gets a stored variant for every URL", async (who, Accept) => {
    const world = uploaded();
    const standIns: string[] = [];
    for (const url of urls) {
      const response = await world.get(url.slice(BASE.length), { Accept });
      expect([url, response.status]).toEqual([url, 200]);
      await response.arrayBuffer();
      if (detailOf(response) === "stand-in") standIns.push(url);
    }
    await world.settle();
    const share = `${standIns.length} of ${urls.length} URLs are stand-ins at first`;
    console.log(`${who}: ${share}, ${world.sent.length} variants are ordered`);
    if (Accept.includes("avif")) expect([standIns, world.sent]).toEqual([[], []]);
    // Above the widest of the few, and of a crop.
    expect(standIns.filter((url) => !/[?&](w=1920|p=)/.test(url))).toEqual([]);
  });
});

it("takes about 25 sets of props a library", () => {
  for (const [{ library, cases }] of LIBRARIES) expect(cases.length, library).toBeGreaterThanOrEqual(20);
});
