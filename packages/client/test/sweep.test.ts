import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Config, defineConfig } from "@prewarm/shared/config";
import { withStored } from "@prewarm/shared/image-info";
import { publicConfig } from "@prewarm/shared/public-config";
import { isPassThrough } from "@prewarm/shared/source";
import { expandTransforms, formatTransform, parseTransform, type Transform } from "@prewarm/shared/transform";
import { recipesOf } from "@prewarm/shared/upload-recipe";
import { afterAll, describe, expect, it, vi } from "vitest";
import { writePage } from "../../../examples/plain/write-page.ts";
import shipped from "../../../prewarm.config.ts";
import { bestStored, showsAllOf } from "../../../workers/edge/src/hit/best-stored.ts";
import astro from "../src/loaders/astro.ts";
import { eleventyOptions } from "../src/loaders/eleventy.ts";
import { createLoader } from "../src/loaders/next.ts";
import nuxt from "../src/loaders/nuxt.ts";
import { createTransformer } from "../src/loaders/unpic.ts";
import type { ClientOptions } from "../src/public-config.ts";
import { BASE, readUrl } from "../src/testing/ask-edge.ts";
import { exampleHash } from "./sweep/example-hash.ts";

/*
 * Every example of the pages for page authors is run, and every image URL that it prints is one of a variant that an upload makes under the
 * page's own configuration. What the real libraries ask the loaders for was recorded (scripts/examples/record.ts).
 */

const root = join(import.meta.dirname, "../../..");
const read = (path: string): string => readFileSync(join(root, path), "utf8");
const urlsIn = (text: string): string[] =>
  text.replaceAll("&amp;", "&").match(/https:\/\/images\.example\.com\/images\/[^\s"',)\\]+/g) ?? [];
const written = (value: unknown): string[] => urlsIn(JSON.stringify(value));
const plain = (name: string): Promise<Record<string, unknown>> => import(join(root, "examples/plain", name));

interface Recorded {
  example: string;
  calls: { options: ClientOptions; asked: unknown[] }[];
}
const recordOf = (name: string): Recorded => JSON.parse(read(`packages/client/test/sweep/calls/${name}.json`));

/** How a loader answers what a library asked: the URLs that stand in the page. */
const LOADERS: Record<string, (options: ClientOptions, ...asked: never[]) => string[]> = {
  next: (options, call) => [createLoader(options)(call)],
  nuxt: (options, src, asked) => [nuxt().getImage(src, { ...options, ...(asked as object) }).url],
  astro: (options, asked) => {
    const config = { service: { config: { ...options } } };
    const candidates = astro.getSrcSet(asked, config).map(({ transform }) => transform);
    return [asked, ...candidates].map((each) => astro.getURL(each, config));
  },
  unpic: (options, src, asked) => [createTransformer(options)(src, asked)],
  eleventy: (options, stats) => [eleventyOptions(options).urlFormat(stats)],
};

const replay = (name: string): string[] =>
  recordOf(name).calls.flatMap(({ options, asked }) => LOADERS[name]?.(options, ...(asked as never[])) ?? []);

const defaults = defineConfig({ sources: [{ prefix: "", url: "https://cdn.example.com/originals/{id}" }] });

interface Example {
  config: Config;
  urls(): string[] | Promise<string[]>;
}
const markup = (name: string): Example => ({ config: defaults, urls: () => urlsIn(read(`examples/plain/${name}`)) });
const library = (name: string): Example => ({ config: defaults, urls: () => replay(name) });

/** The files that the pages show, and what they print. */
const EXAMPLES: Record<string, Example> = {
  "examples/plain/image.html": markup("image.html"),
  "examples/plain/mail.html": markup("mail.html"),
  "examples/plain/element.html": markup("element.html"),
  "examples/plain/pages.ts": { config: defaults, urls: async () => written({ ...(await plain("pages.ts")) }) },
  "examples/plain/write-page.ts": { config: defaults, urls: () => urlsIn(writePage(BASE)) },
  "examples/plain/prewarm.ts": { config: shipped, urls: async () => written((await plain("prewarm.ts")).card) },
  "examples/plain/prewarm.mjs": { config: shipped, urls: async () => written((await plain("prewarm.mjs")).card) },
  "examples/plain/placeholder.ts": {
    config: defaults,
    urls: async () => written((await plain("placeholder.ts")).page),
  },
  // Its other URL is one outside the list, to show how such a URL is signed.
  "examples/plain/sign.mjs": { config: defaults, urls: async () => written((await plain("sign.mjs")).attributes) },
  "examples/next/": library("next"),
  "examples/nuxt/": library("nuxt"),
  "examples/astro/": library("astro"),
  "examples/unpic/": library("unpic"),
  "examples/eleventy/": library("eleventy"),
};
/** They print no image URL. */
const SILENT = ["csp.txt", "element.js", "inspect.js", "probe.js", "service-worker.js", "upgrade.js", "workbox.js"].map(
  (name) => `examples/plain/${name}`,
);

const PAGES = ["page-authors", "next", "nuxt", "astro", "unpic", "eleventy"];

it.each(PAGES)("every example of docs/%s.md is in the sweep", (page) => {
  const shown = [...read(`docs/${page}.md`).matchAll(/<!-- file:(\S+) -->/g)].map(([, path = ""]) => path);
  const known = [...Object.keys(EXAMPLES), ...SILENT];
  expect(shown.length).toBeGreaterThan(0);
  expect(shown.filter((path) => !known.some((each) => path.startsWith(each)))).toEqual([]);
});

it("the public configuration of the examples is that of prewarm.config.ts", async () => {
  const { schema: _, ...printed } = JSON.parse(read("examples/plain/prewarm.public.json"));
  expect(printed).toEqual(publicConfig(shipped));
  expect((await plain("prewarm.public.ts")).publicConfig).toEqual(printed);
});

it.each(Object.keys(LOADERS))("what was recorded of %s is of the example as it is now", (name) => {
  // Where they differ: node scripts/boot.mjs node scripts/examples/record.ts
  expect(recordOf(name).example).toBe(exampleHash(name));
});

/** An original that is larger than every variant. */
const ORIGINAL = { width: 9000, height: 6000, stored: {}, others: [] };
const isRare = (url: string): boolean => /[?&](p|h)=|[?&]w=1920&/.test(url);

/** How the edge answers once all that an upload makes is stored: by the variant, by one that shows as much, by another one, or by none. */
function answerOf(url: string, accept: string | null, made: Transform[], config: Config): string {
  const asked = parseTransform(new URL(url).searchParams, config, accept);
  if (made.some((each) => formatTransform(each) === formatTransform(asked.transform))) return "made";
  const info = withStored({ ...ORIGINAL, version: asked.version }, made);
  const stored = bestStored({ ...asked, accept }, info);
  return stored.length === 0
    ? "none"
    : stored.some((each) => showsAllOf(asked.transform, each, info))
      ? "as much"
      : "other";
}

const counts = new Map<string, number>();
afterAll(() => {
  const total = [...counts.values()].reduce((sum, each) => sum + each, 0);
  console.log(`${total} URLs of ${counts.size} examples: ${[...counts].map(([path, n]) => `${path} ${n}`).join(", ")}`);
});

describe("every URL of an example is in the recipe of its configuration", () => {
  it.each(Object.entries(EXAMPLES))("%s", async (path, { config, urls }) => {
    vi.stubEnv("SIGNING_KEYS", "key");
    const printed = [...new Set(await urls())].filter((url) => !isPassThrough(config, readUrl(url, config).id));
    vi.unstubAllEnvs();
    counts.set(path, printed.length);
    expect(printed.length).toBeGreaterThan(0);
    const made = recipesOf(config).upload.flatMap((spec) => expandTransforms(spec, config));
    const answers = (accept: string | null): [url: string, answer: string][] =>
      printed.map((url) => [url, answerOf(url, accept, made, config)]);
    const others = ["image/webp,*/*", "*/*", null].flatMap(answers);
    expect(answers("image/avif,image/webp,*/*").filter(([, answer]) => answer !== "made")).toEqual([]);
    // A width above the widest stand-in, or a crop, is made at the first view; nobody gets the original meanwhile.
    expect(others.filter(([url, answer]) => answer === "none" || (answer === "other" && !isRare(url)))).toEqual([]);
  });
});
