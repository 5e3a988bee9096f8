import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { defineConfig } from "@prewarm/shared/config";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createWorld } from "../../test/testing/fake-world.ts";
import { emptyDirectory } from "../../test/testing/run-prewarm.ts";
import { cssAddresses } from "./css-addresses.ts";
import { createNamer } from "./namer.ts";
import { pageAddresses, srcsetAddresses } from "./page-addresses.ts";
import { readPages } from "./read-pages.ts";

const EDGE = "https://images.example.com";
const addressesOf = (html: string) => pageAddresses(html).addresses.map(({ address }) => address);

describe("a page's addresses", () => {
  it.each([
    [`<img src="/a?w=800&amp;f=auto">`, ["/a?w=800&f=auto"]],
    [`<img src='/a?w=800&f=auto'>`, ["/a?w=800&f=auto"]],
    [`<IMG SRC=/a?w=1&ampx=2>`, ["/a?w=1&ampx=2"]],
    [`<img src="/a&#x2F;b&#47;c">`, ["/a/b/c"]],
    [`<img src="\n /a \t">`, ["/a"]],
    [`<img srcset="/a?w=400 400w, /a?w=800 800w">`, ["/a?w=400", "/a?w=800"]],
    [`<picture><source srcset="/a?f=avif" type="image/avif"><img src=/a></picture>`, ["/a?f=avif", "/a"]],
    [`<link rel="preload stylesheet" as=image href=/a imagesrcset="/b 1x, /c 2x">`, ["/a", "/b", "/c"]],
    [`<link rel=preload as=script href=/a.js><link rel=stylesheet href=/a.css>`, []],
    [`<link rel="apple-touch-icon" href=/a>`, ["/a"]],
    [
      `<meta property="og:image" content=/a><meta name="twitter:image" content=/b><meta name=x content=/c>`,
      ["/a", "/b"],
    ],
    [`<video poster=/a></video><input type=image src=/b><input src=/c>`, ["/a", "/b"]],
    [`<svg><image href=/a /><image xlink:href=/b /></svg>`, ["/a", "/b"]],
    [`<div style="background:url(/a?w=1&amp;f=webp)">`, ["/a?w=1&f=webp"]],
    [`<style>p { background: image-set("/a" 1x, url('/b') 2x) }</style>`, ["/a", "/b"]],
    [`<noscript><img src=/a></noscript><template><img src=/b></template>`, ["/a", "/b"]],
    [`<!-- <img src=/a> --><script>"<img src=/b>"</script><textarea><img src=/c></textarea>`, []],
    [`<p>never closed <img src=/a`, []],
    [`<table><img src=/a></table>`, ["/a"]],
    [``, []],
  ])("%s", (html, expected) => {
    expect(addressesOf(html)).toEqual(expected);
  });

  it("names the line, and the base", () => {
    expect(pageAddresses(`<base href="/sub/">\n\n<img src=a>`)).toEqual({
      base: "/sub/",
      addresses: [{ line: 3, address: "a" }],
    });
  });

  it("takes a page that is nested deeply", () => {
    expect(addressesOf(`${"<div>".repeat(20_000)}<img src=/a>`)).toEqual(["/a"]);
  });

  it("reads any text without failing", () => {
    fc.assert(
      fc.property(fc.string(), (text) => void pageAddresses(`<img srcset="${text}"><style>${text}</style>${text}`)),
    );
  });
});

describe("srcset", () => {
  it.each([
    ["/a", ["/a"]],
    ["/a 1x, /b 2x", ["/a", "/b"]],
    ["/a,b 1x,/c 2x", ["/a,b", "/c"]],
    ["/a, /b", ["/a", "/b"]],
    ["/a 1x (x, y), /b", ["/a", "/b"]],
    [" ,, /a,, ,/b 100w ", ["/a", "/b"]],
    ["", []],
    ["data:image/png;base64,xx 1x, /b 2x", ["data:image/png;base64,xx", "/b"]],
  ])("%j", (srcset, expected) => {
    expect(srcsetAddresses(srcset)).toEqual(expected);
  });
});

describe("style sheets", () => {
  it.each([
    ["a{background:url(/a)}", ["/a"]],
    [`a{background:url( "/a)b" )}`, ["/a)b"]],
    ["a{background:URL('/a') , url(/b)}", ["/a", "/b"]],
    ["/* url(/a) */ a{}", []],
    [`a{content:"url(/a)"}`, []],
    ["a{background:url(/a\\29 b\\(c)}", ["/a)b(c"]],
    [
      `a{background:-webkit-image-set("/a" 1x, "/b" type("image/avif") 2x)} b{content:"/c"}`,
      ["/a", "/b", "image/avif"],
    ],
    ["a{background:url(/a", []],
    ["a{background:url()}", []],
    ["@import '/x.css';", []],
  ])("%s", (css, expected) => {
    expect(cssAddresses(css)).toEqual(expected);
  });
});

describe("--html", () => {
  async function read(files: Record<string, string>, site: string | null = null) {
    const cwd = emptyDirectory();
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(join(cwd, name, ".."), { recursive: true });
      writeFileSync(join(cwd, name), text);
    }
    const namer = createNamer(defineConfig({ sources: [{ prefix: "", url: "https://cdn.example.com/{id}" }] }), EDGE);
    const reads = [];
    for await (const one of readPages({ places: ["dist"], site }, namer, createWorld({ cwd }).context)) reads.push(one);
    return reads;
  }

  it("finds the edge's images in pages and style sheets, each once, in the order of the names", async () => {
    const image = `${EDGE}/images/hero.jpg?w=800&amp;f=auto`;
    const reads = await read({
      "dist/b/index.html": `<img src="${image}">\n<img src="${EDGE}/images/two.jpg" srcset="${EDGE}/images/two.jpg?w=400 400w,">`,
      "dist/a.css": `a { background: url(${EDGE}/images/sheet.png?w=64) }`,
      "dist/c.htm": `<img src="${image}"><img src="https://cdn.example.com/plain.jpg"><img src="data:image/png,x"><img src="/images/own.jpg">`,
      "dist/notes.txt": `<img src="${EDGE}/images/not-a-page.jpg">`,
    });
    expect(reads).toEqual([
      { kind: "item", place: "dist/a.css:1", item: { id: "sheet.png", transforms: ["w=64"] } },
      { kind: "item", place: "dist/b/index.html:1", item: { id: "hero.jpg", transforms: ["w=800&f=auto"] } },
      { kind: "item", place: "dist/b/index.html:2", item: { id: "two.jpg" } },
      { kind: "item", place: "dist/b/index.html:2", item: { id: "two.jpg", transforms: ["w=400"] } },
    ]);
  });

  it("reads relative addresses once it knows the site, and those without a scheme always", async () => {
    const files = { "dist/index.html": `<img src="/images/a"><img src="//images.example.com/images/b">` };
    expect((await read(files)).map((one) => "item" in one && one.item.id)).toEqual(["b"]);
    expect((await read(files, `${EDGE}/`)).map((one) => "item" in one && one.item.id)).toEqual(["a", "b"]);
  });

  it("tells an address of the edge that names no image with its place", async () => {
    const reads = await read({ "dist/index.html": `<p>\n<img src="${EDGE}/images/a//b">` });
    expect(reads).toEqual([
      { kind: "bad", place: "dist/index.html:2", reason: expect.stringContaining("/images/a//b: ") },
    ]);
  });

  it("refuses a folder that is not there or holds no page", async () => {
    await expect(read({})).rejects.toThrow("dist is not found");
    await expect(read({ "dist/a.txt": "" })).rejects.toThrow("holds no pages");
  });
});
