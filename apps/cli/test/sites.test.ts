import type { Site } from "@prewarm/control-schema/sites";
import { expect, it } from "vitest";
import { EXIT } from "../src/platform/exit-codes.ts";
import { runCli } from "../src/run-cli.ts";
import { createWorld } from "./testing/fake-world.ts";

const at = Date.UTC(2026, 10, 24, 3, 0, 9);
const counts = { warm: 996, cold: 3, neverWarmed: 1, refused: 0, passedThrough: 7 };
const last = {
  ...{ visit: 2, reason: "deploy" as const, startedAt: at - 9_000, endedAt: at, fault: null, pages: 1200, failed: 2 },
  ...{ leftOut: 0, counts, share: 99.6, isWarm: false, run: null },
  failures: [{ page: "https://shop.example.com/x", why: "it answers 500" }],
  worst: [{ page: "https://shop.example.com/a", counts }],
  problems: [
    {
      path: "cat?w=960",
      verdict: "neverWarmed",
      reason: "not stored",
      place: "https://shop.example.com/a:4",
      pages: 1,
    },
  ],
  lines: [{ line: "pages.widths: add 960", urls: 1, images: 1, jobsPerUpload: 3 }],
  asked: ["w=960&q=high&f=webp"],
};
const shop: Site = {
  ...{ name: "shop", sitemaps: ["https://shop.example.com/sitemap.xml"], warm: false, wanted: null, last },
  visit: { visit: 3, reason: "night", startedAt: at, step: "read", pages: 80, read: 20 },
  history: [{ visit: 2, reason: "deploy", endedAt: at, pages: 1200, failed: 2, share: 99.6, isWarm: false, counts }],
};
const blog: Site = { ...shop, name: "blog", visit: null, last: null, wanted: "deploy", history: [] };

async function run(...args: string[]) {
  const asked: string[] = [];
  const world = createWorld({
    env: { ADMIN_TOKEN: "operator" },
    fetch: (url, { method = "GET" }) => {
      const { pathname } = new URL(url);
      asked.push(`${method} ${pathname}`);
      const body = method === "POST" ? { site: "shop", wanted: "hand" } : { sites: [shop, blog] };
      return new Response(JSON.stringify(body), { status: method === "POST" ? 202 : 200 });
    },
  });
  const code = await runCli(["sites", ...args], world.context, () => {});
  return { code, asked, out: world.stdout().trimEnd().split("\n") };
}

it("prewarm sites lists them, with what goes on now", async () => {
  const { code, out } = await run();
  expect(code).toBe(EXIT.ok);
  expect(out.map((line) => line.split(/\s{2,}/))).toEqual([
    ["SITE", "WARM", "MISSING", "PAGES", "VISITED", "NOW"],
    ["shop", "99.6 %", "4", "1,200, 2 failed", "2026-11-24T03:00:09", "reads pages: 20 of 80"],
    ["blog", "to be visited"],
  ]);
});

it("prewarm sites shop says what is missing, and the line that would make it", async () => {
  const { out } = await run("shop");
  const text = out.join("\n");
  for (const said of ["pages.widths: add 960", "+3 jobs an upload", "cat?w=960", "it answers 500", "1,200 pages"])
    expect(text).toContain(said);
  expect(text).not.toContain("blog");
});

it("prewarm sites shop --visit asks for a visit first, and a name that is none is told", async () => {
  expect((await run("shop", "--visit")).asked).toEqual(["POST /api/v1/sites/shop/visit", "GET /api/v1/sites"]);
  expect((await run("--visit")).code).toBe(EXIT.usage);
  expect((await run("none")).code).toBe(EXIT.usage);
});
