import { existsSync, globSync, readFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { anchorOf } from "../apps/docs-site/src/anchors.ts";

/** Every relative link of a page leads to a file, and every anchor to a heading. Links to other sites are not followed: CI needs no network. */

const ROOT = join(import.meta.dirname, "..");
const PAGES = globSync(
  ["*.md", "docs/*.md", "decisions/*.md", "packages/*/README.md", "examples/*/README.md", ".github/*.md"],
  { cwd: ROOT },
);

/** The anchors of a page; the second heading of a name gets `-1`. */
function anchorsOf(text: string): Set<string> {
  const anchors = new Set<string>();
  for (const [, heading = ""] of withoutCode(text).matchAll(/^#{1,6} +(.+)$/gm)) {
    const anchor = anchorOf(heading);
    let name = anchor;
    for (let n = 1; anchors.has(name); n += 1) name = `${anchor}-${n}`;
    anchors.add(name);
  }
  return anchors;
}

function withoutCode(text: string): string {
  return text.replaceAll(/^```.*?^```/gms, "");
}

/** What is wrong with a link of a page, or null. */
function faultOf(page: string, link: string): string | null {
  const [path = "", anchor] = link.split("#");
  const file = path === "" ? join(ROOT, page) : join(ROOT, dirname(page), decodeURIComponent(path));
  if (!existsSync(file)) return `${link}: there is no such file`;
  if (anchor === undefined || statSync(file).isDirectory() || !file.endsWith(".md")) return null;
  return anchorsOf(readFileSync(file, "utf8")).has(anchor) ? null : `${link}: the page has no such heading`;
}

function linksIn(text: string): string[] {
  const plain = withoutCode(text).replaceAll(/`[^`\n]*`/g, "");
  const links = [...plain.matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = ""]) => link);
  return links.filter((link) => !/^[a-z]+:/.test(link));
}

it.each(PAGES)("the links of %s lead somewhere", (page) => {
  const links = linksIn(readFileSync(join(ROOT, page), "utf8"));
  expect(links.map((link) => faultOf(page, link)).filter((fault) => fault !== null)).toEqual([]);
});

it("every page of docs is reached from the README or from docs/start.md", () => {
  const linked = ["README.md", "docs/start.md"].flatMap((page) =>
    linksIn(readFileSync(join(ROOT, page), "utf8")).map((link) => join(dirname(page), link.split("#")[0] ?? "")),
  );
  expect(PAGES.filter((page) => page.startsWith("docs/") && !linked.includes(page))).toEqual([]);
});

describe("a link", () => {
  it.each([
    ["docs/gone.md", "docs/gone.md: there is no such file"],
    ["docs/runbook.md#gone", "docs/runbook.md#gone: the page has no such heading"],
    ["docs/runbook.md#nothing-answers", null],
    ["#deploy", null],
  ])("%s", (link, fault) => expect(faultOf("README.md", link)).toBe(fault));
});
