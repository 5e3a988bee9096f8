import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { verify } from "@prewarm/shared/signature";
import { build } from "esbuild";
import { describe, expect, it, vi } from "vitest";
import { writePage } from "../../../examples/plain/write-page.ts";
import { BASE, config, faultOf } from "../src/testing/ask-edge.ts";

// What the docs show are these files: their URLs are read by the edge's code, and their scripts are bundled or run.
const plain = join(import.meta.dirname, "../../../examples/plain");
const read = (name: string): string => readFileSync(join(plain, name), "utf8");
const urlsIn = (text: string): string[] =>
  text.replaceAll("&amp;", "&").match(/https:\/\/images\.example\.com\/images\/[^\s",]+/g) ?? [];

it("examples/plain/index.html is what write-page.ts prints", () => {
  expect(read("index.html")).toBe(writePage("http://localhost:8787"));
});

describe("examples/plain", () => {
  it.each(["image.html", "mail.html", "element.html"])(
    "%s asks for nothing that is refused, in boxes of a known shape",
    (name) => {
      const html = read(name);
      expect(urlsIn(html).length).toBeGreaterThan(0);
      for (const url of urlsIn(html)) expect([url, faultOf(url)]).toEqual([url, null]);
      for (const [tag] of html.matchAll(/<img[^>]*>/g)) expect(tag).toMatch(/width="\d+" height="\d+" alt="/);
    },
  );

  it("pages.ts prints markup whose URLs are taken", async () => {
    const pages: Record<string, unknown> = { ...(await import("../../../examples/plain/pages.ts")) };
    const urls = urlsIn(JSON.stringify(pages).replaceAll('\\"', '"'));
    expect(urls.length).toBeGreaterThan(20);
    for (const url of urls) expect([url, faultOf(url)]).toEqual([url, null]);
  });

  it("sign.mjs signs what the edge takes", async () => {
    vi.stubEnv("SIGNING_KEYS", "key,old");
    // @ts-expect-error: a script without types
    const { attributes, free } = await import("../../../examples/plain/sign.mjs");
    vi.unstubAllEnvs();
    for (const text of [free, ...urlsIn(attributes.srcset), attributes.src]) {
      const url = new URL(text);
      expect(await verify(url.pathname, url.search, ["key"], config, Date.now() / 1000)).toBe("ok");
    }
    expect(free.startsWith(BASE)).toBe(true);
  });

  it.each(globSync("*.js", { cwd: plain }))("%s bundles for a browser", async (name) => {
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
