import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { verify } from "@prewarm/shared/signature";
import { parseTransform } from "@prewarm/shared/transform";
import { build } from "esbuild";
import { describe, expect, it, vi } from "vitest";
import { writePage } from "../../../examples/plain/write-page.ts";
import { createLoader } from "../src/loaders/next.ts";
import { BASE, config, faultOf } from "../src/testing/ask-edge.ts";

// What the docs show are these files: their URLs are read by the edge's code, and their scripts are bundled or run.
const plain = join(import.meta.dirname, "../../../examples/plain");
const read = (name: string): string => readFileSync(join(plain, name), "utf8");
const urlsIn = (text: string): string[] =>
  text.replaceAll("&amp;", "&").match(/https:\/\/images\.example\.com\/images\/[^\s",]+/g) ?? [];

it("examples/plain/index.html is what write-page.ts prints", () => {
  expect(read("index.html")).toBe(writePage("http://localhost:8787"));
});

it("README.md asks for nothing that is refused, or needs a signature", () => {
  const urls = urlsIn(readFileSync(join(plain, "../../README.md"), "utf8"));
  expect(urls.length).toBeGreaterThan(4);
  for (const url of urls) expect([url, faultOf(url)]).toEqual([url, null]);
});

/** The pages for page authors, and the marks of the files that they show. */
const PAGES = ["page-authors", "next", "nuxt", "astro", "unpic", "eleventy", "moving-from"];
const MARK = /<!-- file:(\S+) -->/g;
/** Built with the real packages at night. */
const BUILT = /^examples\/(next|nuxt|astro|unpic|eleventy)\//;
const SCRIPTS = globSync("*.js", { cwd: plain });
const HTML = ["image.html", "mail.html", "element.html"];
/** Tried below; csp.txt by test/e2e/page. */
const TRIED = [...SCRIPTS, ...HTML, "pages.ts", "prewarm.ts", "prewarm.mjs", "placeholder.ts", "sign.mjs", "csp.txt"];

describe.each(PAGES)("docs/%s.md", (name) => {
  const page = readFileSync(join(plain, `../../docs/${name}.md`), "utf8");
  const shown = [...page.matchAll(MARK)].map(([, path = ""]) => path);

  it("shows no code that is in no file", () => {
    const rest = page.replaceAll(/<!-- file:\S+ -->.*?<!-- \/file -->/gs, "");
    // The newcomer plays blocks of commands (scripts/newcomer); scripts/docs.test.ts loads configurations.
    expect(rest.replaceAll(/^```(?:sh\n|ts\nimport \{ defineConfig \}).*?^```/gms, "")).not.toMatch(/^(```| {4}\S)/m);
  });

  it("shows files that are run", () => {
    const known = TRIED.map((file) => `examples/plain/${file}`);
    expect(shown.filter((path) => !known.includes(path) && !BUILT.test(path))).toEqual([]);
  });
});

describe("docs/moving-from.md", () => {
  const page = readFileSync(join(plain, "../../docs/moving-from.md"), "utf8");
  const rows = [...page.matchAll(/^\| ([^|]+) \| ([^|]+) \|$/gm)].map(
    ([, theirs = "", ours = ""]) => [theirs, ours] as const,
  );
  const asked = rows.flatMap(([theirs, ours]) =>
    [...ours.matchAll(/`(\w+=[^`]+)`/g)].map(([, query = ""]) => [theirs, query, ours.includes("signed")] as const),
  );
  const presets = { card: "w=640", public: "w=640" };

  it.each(asked)("%s is %s", (_theirs, query, isSigned) => {
    const whole = query.startsWith("fit=") ? `w=800&h=600&${query}` : query;
    const { closed } = parseTransform(whole, { ...config, presets });
    expect(closed || isSigned).toBe(true);
  });

  it("says what a page writes here", () => expect(asked.length).toBeGreaterThan(10));
});

describe("examples/plain", () => {
  it.each(HTML)("%s asks for nothing that is refused, in boxes of a known shape", (name) => {
    const html = read(name);
    expect(urlsIn(html).length).toBeGreaterThan(0);
    for (const url of urlsIn(html)) expect([url, faultOf(url)]).toEqual([url, null]);
    for (const [tag] of html.matchAll(/<img[^>]*>/g)) expect(tag).toMatch(/width="\d+" height="\d+" alt="/);
  });

  it("pages.ts prints markup whose URLs are taken", async () => {
    const pages: Record<string, unknown> = { ...(await import("../../../examples/plain/pages.ts")) };
    const urls = urlsIn(JSON.stringify(pages).replaceAll('\\"', '"'));
    expect(urls.length).toBeGreaterThan(20);
    for (const url of urls) expect([url, faultOf(url)]).toEqual([url, null]);
  });

  it.each(["prewarm.ts", "prewarm.mjs"])("%s takes what `prewarm print client` prints", async (name) => {
    const { card } = await import(join(plain, name));
    expect(card).toBe(
      `<img src="${BASE}/images/other.jpg?p=card" width="640" height="480" alt="A boat" loading="lazy" decoding="async">`,
    );
  });

  it("placeholder.ts writes images over their placeholders, also for a page that forbids inline styles", async () => {
    const { page, sheet } = await import("../../../examples/plain/placeholder.ts");
    const lqip = /data:image\/webp;base64,[\w+/=]+/;
    expect(page).toHaveLength(1);
    expect(page[0]).toMatch(/style="background:url\(data:image\/webp;base64,[^)"]+\) center\/cover"/);
    expect(lqip.exec(page[0] ?? "")?.[0].length).toBeLessThanOrEqual(160);
    const [rule = ""] = sheet("n0nce").match(/img\[src\^="([^"]+)"\]/) ?? [];
    const src = /src="([^"]+)"/.exec(page[0] ?? "")?.[1] ?? "";
    expect(src.startsWith(rule.slice('img[src^="'.length, -2))).toBe(true);
    for (const url of urlsIn(page.join(""))) expect([url, faultOf(url)]).toEqual([url, null]);
  });

  it("sign.mjs signs what the edge takes", async () => {
    vi.stubEnv("SIGNING_KEYS", "key,old");
    // @ts-expect-error: a script without types
    const { attributes, free, whole, source } = await import("../../../examples/plain/sign.mjs");
    vi.unstubAllEnvs();
    const loaded = createLoader({ baseUrl: BASE, access: "private" })({ src: source, width: 640 });
    expect(urlsIn(whole).length).toBeGreaterThan(5);
    for (const text of [free, ...urlsIn(attributes.srcset), attributes.src, ...urlsIn(whole), loaded]) {
      const url = new URL(text);
      expect(await verify(url.pathname, url.search, ["key"], config, Date.now() / 1000)).toBe("ok");
    }
    expect(free.startsWith(BASE)).toBe(true);
  });

  it.each(SCRIPTS)("%s bundles for a browser", async (name) => {
    const external = ["workbox-routing", "workbox-strategies"];
    const { errors } = await build({
      entryPoints: [join(plain, name)],
      bundle: true,
      format: "esm",
      external,
      write: false,
      nodePaths: [],
    });
    expect(errors).toEqual([]);
  });
});
