import { growthOf, LINEAR_MAX } from "@prewarm/shared/testing/slowness";
import { describe, expect, it } from "vitest";
import { readRobots } from "./robots.ts";

const rules = (...lines: string[]) => readRobots(["User-agent: *", ...lines].join("\n"), "prewarm");

describe("robots.txt", () => {
  it.each([
    ["Disallow:", "/a", true],
    ["Disallow: /", "/a", false],
    ["Disallow: /a # why", "/ab", false],
    ["Disallow: /a", "/b/a", true],
    ["Disallow: /*.pdf$", "/x/y.pdf", false],
    ["Disallow: /*.pdf$", "/x/y.pdf?z", true],
    ["Disallow: /a*b*c", "/a1b2c3", false],
    ["Disallow: /a*b*c", "/a1c2b3", true],
    ["Disallow: /a$", "/a", false],
    ["Disallow: /a$", "/ab", true],
    ["Disallow: /*?sort=", "/list?sort=up", false],
  ])("%s leaves %s open: %s", (line, path, open) => {
    expect(rules(line).allows(path)).toBe(open);
  });

  it("lets the longest pattern decide, and Allow where two are equally long", () => {
    const { allows } = rules("Disallow: /a/", "Allow: /a/b", "Disallow: /a/b/c", "Allow: /x", "Disallow: /x");
    expect(["/a/q", "/a/b", "/a/b/c", "/x"].map(allows)).toEqual([false, true, false, true]);
  });

  it("takes the group that names the program, also one of several names, and else that of all", () => {
    const text =
      "User-agent: other\nDisallow: /\n\nUser-agent: Prewarm\nUser-agent: b\nCrawl-delay: 2\nDisallow: /p\n\nUser-agent: *\nDisallow: /all\nSitemap: https://e/s.xml";
    const own = readRobots(text, "prewarm");
    expect([own.allows("/p"), own.allows("/all"), own.delayMs, own.sitemaps]).toEqual([
      false,
      true,
      2000,
      ["https://e/s.xml"],
    ]);
    const all = readRobots(text, "nobody");
    expect([all.allows("/p"), all.allows("/all"), all.delayMs]).toEqual([true, false, null]);
  });

  it("keeps no delay above ten seconds", () => {
    expect(rules("Crawl-delay: 86400").delayMs).toBe(10_000);
  });

  it("takes a hostile pattern in linear time", () => {
    const growth = growthOf((times) => {
      const { allows } = rules(`Disallow: /${"a*".repeat(500 * times)}b`);
      const path = `/${"a".repeat(5_000 * times)}`;
      return () => expect(allows(path)).toBe(true);
    });
    expect(growth).toBeLessThan(LINEAR_MAX);
  });
});
