import { mkdirSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { defineConfig } from "@prewarm/shared/config";
import { growthOf, LINEAR_MAX } from "@prewarm/shared/testing/slowness";
import { cssAddresses } from "@prewarm/site-pages/css-addresses";
import { pageAddresses, srcsetAddresses } from "@prewarm/site-pages/page-addresses";
import { textAddresses } from "@prewarm/site-pages/text-addresses";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createWorld } from "../../test/testing/fake-world.ts";
import { emptyDirectory } from "../../test/testing/run-prewarm.ts";
import { createNamer } from "./namer.ts";
import { PAGE_BYTES_MAX, readPages } from "./read-pages.ts";

const EDGE = "https://images.example.com";
const PIECES = [
  "<!--[if mso]>",
  "<![endif]-->",
  "<img src=",
  "images/",
  "https://e/",
  "\\",
  "\\u00",
  "&amp;",
  '"',
  "url(",
];
const hostile = fc.array(fc.oneof(fc.constantFrom(...PIECES), fc.string())).map((parts) => parts.join(""));
const addressesOf = (html: string) => pageAddresses(html).addresses.map(({ address }) => address);

it("takes the first base that a browser takes: none of a template or a comment", () => {
  const html = `<template><base href=/a></template><!--[if IE]><base href=/b><![endif]--><base target=x><base href=/c><base href=/d>`;
  expect(pageAddresses(html).base).toBe("/c");
});

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
    [`<link rel="apple-touch-icon" href=/a>`, ["/a"]],
    [`<meta property="og:image" content=/a><meta name="twitter:image" content=/b>`, ["/a", "/b"]],
    [`<meta itemprop=image content=/a><link itemprop=image href=/b><link rel=image_src href=/c>`, ["/a", "/b", "/c"]],
    [`<video poster=/a></video><input type=image src=/b>`, ["/a", "/b"]],
    [`<a href=/a><img src=/b></a><object data=/c></object><table><td background=/d>`, ["/a", "/b", "/c", "/d"]],
    [
      `<img data-src=/a data-srcset="/b,c 1x,/d 2x"><img data-lazy-srcset="/e 1x" data-original=/f>`,
      ["/a", "/b,c", "/d", "/e", "/f"],
    ],
    [`<amp-img src=/a srcset="/b 1x, /c 2x"></amp-img><amp-story poster-portrait-src=/d>`, ["/a", "/b", "/c", "/d"]],
    [`<svg><image href=/a /><image xlink:href=/b /></svg>`, ["/a", "/b"]],
    [`<div style="background:url(/a?w=1&amp;f=webp)">`, ["/a?w=1&f=webp"]],
    [`<style>p { background: image-set("/a" 1x, url('/b') 2x) }</style>`, ["/a", "/b"]],
    [`<noscript><img src=/a></noscript><template><img src=/b></template>`, ["/a", "/b"]],
    [
      `<template><img src="/{{id}}"><img src="/%7B%7Bid%7D%7D" data-src="/{{id}}"></template><img src=/{{a}}>`,
      ["/{{a}}"],
    ],
    [`<img data-src="/{{id}}?w=1"><img data-src="/{width}">`, ["/{width}"]],
    [`<!-- <img src=/a> --><script>"<img src=/b>"</script><textarea><img src=/c></textarea>`, []],
    [`<!--[if mso]><v:rect><v:fill type="frame" src="/a?w=1&amp;f=jpeg" /></v:rect><![endif]-->`, ["/a?w=1&f=jpeg"]],
    [`<!--[if (gte mso 9)|(IE)]>\n<td background=/a style="background:url('/b')"><![endif]-->`, ["/a", "/b"]],
    [`<!--[if !mso]><!--><img src=/a><!--<![endif]-->`, ["/a"]],
    [
      `<svg><style>a{fill:url(/a)}</style><title/><style/><script/><image href=/b /></svg><img src=/c>`,
      ["/a", "/b", "/c"],
    ],
    [`<svg><style><![CDATA[a>b{fill:url(/a)}]]></style></svg><style>p>q{background:url(/b)}`, ["/a", "/b"]],
    [`<title><img src=/a></title><select><img src=/b></select><IFRAME><img src=/c></iframe><img src=/d>`, ["/b", "/d"]],
    [`<script><!-- <script> </script> <img src=/a> --></script><img src=/b>`, ["/b"]],
    [`<p>never closed <img src=/a`, []],
    [`<table><img src=/a></table>`, ["/a"]],
    [``, []],
  ])("%s", (html, expected) => {
    expect(addressesOf(html)).toEqual(expected);
  });

  it.each([
    [`<script type="application/ld+json">{"image":["https:\\/\\/e/images/a","https://e/images/b?w=1"]}</script>`],
    [`<script>self.__next_f.push([1,"{\\"src\\":\\"https://e/images/a\\"},\\"https://e/images/b?w=1\\"\\n"])</script>`],
    [`<script id="__NUXT_DATA__" type="application/json">["/images/a","/images/b?w=1"]</script>`],
    [`<astro-island props="{&quot;src&quot;:[0,&quot;/images/a&quot;],&quot;b&quot;:[0,&quot;/images/b?w=1&quot;]}">`],
    [`<script>s = "/images/a 1x,https://e/images/b?w=1 2x"</script>`],
    [`<script>s = '<img src="https://e/images/a" style="background:url(https://e/images/b?w=1)">'</script>`],
    [`<script>s = "![text](https://e/images/a)", t = "url(/images/b?w=1)"</script>`],
    [`<iframe srcdoc="<img src=&quot;/images/a&quot;><img src='/images/b?w=1'>">`],
    [`<div x-data="{ a: '/images/a', b: '/images/b?w=1' }">`],
  ])("reads a page's data: %s", (html) => {
    const paths = addressesOf(html).map((address) => new URL(address, "https://e").href);
    expect(paths).toEqual(["https://e/images/a", "https://e/images/b?w=1"]);
  });

  it("names the line, and the base", () => {
    expect(pageAddresses(`<base href="/sub/">\n\n<img src=a>`)).toEqual({
      base: "/sub/",
      addresses: [{ line: 3, address: "a", certain: true }],
      links: [],
      sheets: [],
    });
  });

  it("tells links and style sheets apart from the rest", () => {
    const html = `<a href=/a><area href=/b><a name=x><link rel="preload stylesheet" href=/c.css><link rel=icon href=/d>`;
    expect(pageAddresses(html)).toMatchObject({ links: ["/a", "/b"], sheets: ["/c.css"] });
  });

  it.each(["<div>", "<b a=1>", "<p>x", "<svg>", "<!--[if mso]>", "<table>", "<style>", "<img srcset='a(,"])(
    "takes a page of 100,000 %s in time in proportion to its length",
    (piece) => {
      const growth = growthOf((times) => {
        const html = `<img src=/a>${piece.repeat(25_000 * times)}`;
        return () => expect(addressesOf(html)[0]).toBe("/a");
      });
      expect(growth).toBeLessThan(LINEAR_MAX);
    },
  );

  it("reads any text without failing", () => {
    fc.assert(
      fc.property(hostile, (text) => {
        pageAddresses(`<img srcset="${text}" x="${text}"><style>${text}</style><script>${text}</script>${text}`);
        pageAddresses(`<!--[if mso]>${text}<![endif]-->`);
      }),
    );
  });
});

describe("addresses in text", () => {
  it.each([
    ["https://e/images/a?w=1\\u0026f=auto", ["https://e/images/a?w=1&f=auto"]],
    ["https://e/images/a?w=1\\\\u0026f=auto", ["https://e/images/a?w=1&f=auto"]],
    ["https://e/images/a?w=1\\x26f=auto", ["https://e/images/a?w=1&f=auto"]],
    ["https://e/images/a?w=1&amp;f=auto", ["https://e/images/a?w=1&f=auto"]],
    ["'https://e/images/a,b?w=1', 2", ["https://e/images/a,b?w=1"]],
    [`"https://e/images/photo%20(1).jpg"`, ["https://e/images/photo%20(1).jpg"]],
    ["https://e/images/a,https://e/images/b", ["https://e/images/a", "https://e/images/b"]],
    ["//e/images/a", ["//e/images/a"]],
    ["images/a", ["images/a"]],
    // What a script puts together is no address yet.
    ["`https://e/images/$\u007bid}?w=1`", []],
    [`"https://e/images/product-" + id`, []],
    [`"https://e/images/product-".concat(id)`, []],
    [`base + "/images/a"`, []],
    [`https://e/other/a`, []],
    [`${"x".repeat(5000)}/images/a`, []],
  ])("%s", (text, expected) => {
    expect(textAddresses(text)).toEqual(expected);
  });

  it("reads what JSON or HTML holds, however often it was encoded", () => {
    const address = fc.webPath().map((path) => `https://e/images/a${path}?w=1&f=auto`);
    const encoders = [
      (text: string) => JSON.stringify({ text }),
      (text: string) => JSON.stringify(text).replace(/\//g, "\\/").replace(/&/g, "\\u0026"),
      (text: string) => `<a b="${text.replace(/&/g, "&amp;").replace(/"/g, "&quot;")}">`,
    ];
    const layers = fc.array(fc.constantFrom(...encoders), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(address, layers, (text, steps) => {
        fc.pre(!/['`|)(,;]/.test(text));
        expect(textAddresses(steps.reduce((inner, encode) => encode(inner), text))).toEqual([text]);
      }),
    );
  });

  it.each([["\\"], ["&amp;"], ["("], [")"], ["images/"], [",//"], ["\\u005c"], ["'"], ["url("]])(
    "takes 200,000 of %j in time in proportion to their number",
    (piece) => {
      const growth = growthOf((times) => {
        const text = `images/${piece.repeat(50_000 * times)}`;
        return () => textAddresses(text);
      });
      expect(growth).toBeLessThan(LINEAR_MAX);
    },
  );
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
    [`a{background:url(/a);content:"never closed (\n}b{background:url('/b')}`, ["/a", "/b"]],
    [`a{background:my-url("/a") xurl(/b) my-image-set("/c")}`, []],
  ])("%s", (css, expected) => {
    expect(cssAddresses(css)).toEqual(expected);
  });

  it.each(['"', "'", "url(", "/*"])("may hold a %s that 32 MB do not close", (start) => {
    expect(cssAddresses(start + "\\a".repeat(16 << 20))).toEqual([]);
  });

  it.each(["a", '\\"', '"', "url(", 'url("', "url(\\", "url( ", "image-set(", "/*", "-", "(", "'\n"])(
    "take 4,000 of %j in time in proportion to their number",
    (piece) => {
      const growth = growthOf((times) => {
        const css = piece.repeat(1_000 * times);
        return () => cssAddresses(css);
      });
      expect(growth).toBeLessThan(LINEAR_MAX);
    },
  );
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

  it("passes over what a script's text only seems to name, and keeps the rest", async () => {
    const reads = await read({
      "dist/index.html": `<script>f("${EDGE}/images/", "${EDGE}/images/a//b", "${EDGE}/images/c?w=64")</script>`,
    });
    expect(reads).toEqual([{ kind: "item", place: "dist/index.html:1", item: { id: "c", transforms: ["w=64"] } }]);
  });

  it("does not hold a page that is larger than pages are", async () => {
    const cwd = emptyDirectory();
    writeFileSync(join(cwd, "a.html"), `<img src=${EDGE}/images/a>`);
    truncateSync(join(cwd, "a.html"), PAGE_BYTES_MAX + 1);
    const reads = [];
    for await (const one of readPages(
      { places: ["a.html"], site: null },
      createNamer(null, EDGE),
      createWorld({ cwd }).context,
    ))
      reads.push(one);
    expect(reads).toEqual([{ kind: "bad", place: "a.html", reason: "it is larger than 32 MiB" }]);
  });

  it("refuses a folder that is not there or holds no page", async () => {
    await expect(read({})).rejects.toThrow("dist is not found");
    await expect(read({ "dist/a.txt": "" })).rejects.toThrow("holds no pages");
  });
});
