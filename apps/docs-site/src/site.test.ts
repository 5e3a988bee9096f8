import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { anchorOf } from "./anchors.ts";
import { firstSentence, llmsFull, llmsList } from "./llms.ts";
import { inOrder, readMap } from "./map.ts";
import { readPages, sitePath, withSiteLinks } from "./pages.ts";

const ROOT = resolve(import.meta.dirname, "../../..");
const map = readMap(readFileSync(join(ROOT, "docs/start.md"), "utf8"));
const pages = readPages(ROOT);

describe("the map", () => {
  const text = `# Where to begin

See [the README](../README.md).

## Tutorial

[Try](try.md) it.

## How-to

Pages:

- [Images in pages](page-authors.md), [words](words.md#terms), [examples](../examples/).

A fork:

- [Deploy](ci.md) and [upgrade](upgrading.md) a fork.

## Reference

- [The URL](url.md).

## Explanation

- [Security](../SECURITY.md).

## What is missing

[Nothing](nothing.md).
`;

  it("has the pages of each kind in the order of docs/start.md, with their subjects", () => {
    const [tutorial, howTo, reference, explanation] = readMap(text);
    expect(tutorial).toEqual({ title: "Tutorial", pages: [{ file: "docs/try.md", name: "Try" }], subjects: [] });
    expect(howTo?.subjects).toEqual([
      { title: "Pages", pages: [{ file: "docs/page-authors.md", name: "Images in pages" }] },
      {
        title: "A fork",
        pages: [
          { file: "docs/ci.md", name: "Deploy" },
          { file: "docs/upgrading.md", name: "Upgrade" },
        ],
      },
    ]);
    expect(reference?.pages).toEqual([{ file: "docs/url.md", name: "The URL" }]);
    expect(explanation?.pages).toEqual([{ file: "SECURITY.md", name: "Security" }]);
  });

  it("is refused without one of the four kinds", () => {
    expect(() => readMap(text.replace("## Reference", "## Others"))).toThrow("no section Reference");
  });

  it("names each page once, and every page of docs but itself and those of contributors", () => {
    const files = inOrder(map).map(({ file }) => file);
    expect(files).toEqual([...new Set(files)]);
    const docs = pages.flatMap(({ file }) => (file?.match(/^docs\/[^/]+$/) ? [file] : []));
    expect(docs.filter((file) => !files.includes(file))).toEqual(["docs/start.md"]);
  });
});

describe("a link", () => {
  const linksOf = (file: string) => pages.find((page) => page.file === file)?.text ?? "";

  it.each([
    ["[a](b.md)", "[a](B)"],
    ["![a](b.svg) and [c](d)", "![a](B) and [c](B)"],
    ["[`a`](b)", "[`a`](B)"],
    ["`[a](b)`", "`[a](b)`"],
    ["```sh\n[a](b)\n```\n[a](b)", "```sh\n[a](b)\n```\n[a](B)"],
    ['<img src="b">', '<img src="B">'],
    ['<source srcset="a.webp">', '<source srcset="B">'],
  ])("of %j is replaced outside of code", (text, replaced) => expect(withSiteLinks(text, () => "B")).toBe(replaced));

  it("leads to the page where the site has it, with its anchor", () => {
    expect(linksOf("README.md")).toContain("](./operate.md#provision-deploy-roll-back-destroy)");
    expect(linksOf("docs/start.md")).toContain("](./index.md#deploy)");
    expect(linksOf("docs/start.md")).toContain("](./decisions/17-secrets-and-deploy.md)");
    expect(linksOf("docs/start.md")).toContain("](./project/security.md");
    expect(linksOf("docs/api.md")).toContain("](./openapi.json)");
    expect(linksOf("docs/hooks.md")).toContain("](./examples/upload-hook.md)");
  });
});

it("no two files of the repository are one page", () => {
  const paths = pages.map(({ path }) => path.toLowerCase());
  expect(paths).toEqual([...new Set(paths)]);
  expect(sitePath("scripts/boot.mjs")).toBeNull();
});

it.each([
  ["What is new?", "what-is-new"],
  ["`/info/<id>`", "infoid"],
  ["A [link](b.md) & more", "a-link--more"],
])("the anchor of %j is GitHub's", (heading, anchor) => expect(anchorOf(heading)).toBe(anchor));

describe("llms.txt", () => {
  it("has a line for each page", () => {
    const list = llmsList(map, pages);
    expect(list).toMatch(/^# Prewarm\n\n> Image URLs that never block and never break: Prewarm/);
    for (const { path } of pages) expect(list.split(`](${path})`), path).toHaveLength(2);
    expect(list).toContain("- [The URL](url.md): For people and programs that write image URLs: every parameter");
  });

  it("in full has the pages that the map names, and no decision", () => {
    const full = llmsFull(map, pages);
    expect(full).toContain("# Hooks: warming what is uploaded");
    expect(full).not.toContain("<!-- decisions/");
  });

  it.each([
    ["# A\n\n<!-- x -->\n\nOne **two** [three](x.md). Four.", "One two three."],
    ["# A\n\n```sh\nls\n```\n\nUnder a\nblock:", "Under a block."],
    ["# A\n", ""],
  ])("says the first sentence of %j", (text, sentence) => expect(firstSentence(text)).toBe(sentence));
});
