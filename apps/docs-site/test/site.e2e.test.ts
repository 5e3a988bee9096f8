import { spawnSync } from "node:child_process";
import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { serveFolder } from "../../../scripts/examples/show-example.ts";
import { tempFolder } from "../../../test/temp-folder.ts";
import { launchBrowser } from "../../dashboard/test/browser.ts";
import { overflow, PHONE, violations, visit } from "../../dashboard/test/visit.ts";
import { inOrder, readMap } from "../src/map.ts";
import { readPages, sitePath } from "../src/pages.ts";

/* The built site, in Chromium: what a reader finds, whether each page is whole, and that no link is dead. */

const ROOT = resolve(import.meta.dirname, "../../..");
const BASE = "/manual/";
/** Two builds, on a machine that does other things. */
const BUILD_MS = 600_000;
const SERVED = tempFolder("prewarm-docs-site-");
const OUT = join(SERVED, BASE);
const MAP = readMap(readFileSync(join(ROOT, "docs/start.md"), "utf8"));
const READ = ["README.md", "docs/start.md", ...inOrder(MAP).map(({ file }) => file)].map(
  (file) => sitePath(file) ?? "",
);
/** One page of each kind that no reader needs first. */
const OTHERS = [
  "decisions/index.md",
  "decisions/03-packages-and-commands.md",
  "project/changelog.md",
  "examples/plain.md",
  "internals/index.md",
];

let browser: Awaited<ReturnType<typeof launchBrowser>>;
let server: Awaited<ReturnType<typeof serveFolder>>;
let url = "";

beforeAll(async () => {
  const args = [join(ROOT, "apps/docs-site/src/main.ts"), "build", "--out", OUT, "--base", BASE, "--tag", "HEAD"];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: ROOT, encoding: "utf8" });
  expect(status, stdout + stderr).toBe(0);
  expect(stdout + stderr).not.toMatch(/warning|not loaded|\(!\)/i);
  server = await serveFolder(SERVED);
  url = new URL(BASE, server.url).href;
  browser = await launchBrowser();
}, BUILD_MS);
afterAll(async () => {
  await browser?.close();
  server?.close();
});

const htmlOf = (path: string): string => path.replace(/\.md$/, ".html");
const read = (file: string): string => readFileSync(join(OUT, file), "utf8");

/** The addresses in a page that lead nowhere in the site. */
function deadLinks(file: string): string[] {
  const here = new URL(file, `http://site${BASE}`);
  const links = [...read(file).matchAll(/\s(?:href|src)="([^"]+)"/g)].map(([, link = ""]) =>
    link.replaceAll("&amp;", "&"),
  );
  return links.filter((link) => {
    const { origin, pathname, hash } = new URL(link, here);
    if (origin !== here.origin) return false;
    const target = decodeURIComponent(pathname.slice(BASE.length)).replace(/(^|\/)$/, "$1index.html");
    if (!pathname.startsWith(BASE) || !existsSync(join(OUT, target))) return true;
    return hash !== "" && !read(target).includes(`id="${decodeURIComponent(hash.slice(1))}"`);
  });
}

describe("the files", () => {
  it("have each page of the repository, as HTML and as Markdown", () => {
    const pages = readPages(ROOT).map(({ path }) => path);
    expect(pages.length).toBeGreaterThan(80);
    expect(pages.filter((path) => !existsSync(join(OUT, path)) || !existsSync(join(OUT, htmlOf(path))))).toEqual([]);
  });

  it("have no dead link and no dead anchor", () => {
    const pages = globSync("**/*.html", { cwd: OUT, exclude: ["HEAD/**", "404.html"] });
    expect(pages.flatMap((file) => deadLinks(file).map((link) => `${file}: ${link}`))).toEqual([]);
  });

  it("have no dead link in the Markdown either", () => {
    const dead = readPages(ROOT).flatMap(({ path }) =>
      [
        ...read(path)
          .replaceAll(/^ *```.*?^ *```|`[^`]+`/gms, "")
          .matchAll(/\]\(([^)#\s]+)[^)]*\)/g),
      ]
        .map(([, link = ""]) => link)
        .filter((link) => !/^[a-z]+:/.test(link) && !existsSync(join(OUT, dirname(path), link)))
        .map((link) => `${path}: ${link}`),
    );
    expect(dead).toEqual([]);
  });

  it("list every page in llms.txt, and have every page of the map in llms-full.txt", () => {
    const listed = [...read("llms.txt").matchAll(/^- \[.+?\]\(([^)]+)\)/gm)].map(([, path]) => path);
    expect(listed.toSorted()).toEqual(
      readPages(ROOT)
        .map(({ path }) => path)
        .toSorted(),
    );
    const full = read("llms-full.txt");
    for (const { file } of inOrder(MAP)) expect(full).toContain(`<!-- ${sitePath(file)} -->`);
  });

  it("have the OpenAPI document", () => {
    expect(JSON.parse(read("openapi.json")).openapi).toMatch(/^3\./);
  });
});

/** A visit that also writes down each answer that is no success. */
async function strictVisit(options: Parameters<typeof visit>[1] = {}) {
  const seen = await visit(browser, options);
  seen.page.on("response", (answer) => {
    if (answer.status() >= 400) seen.faults.push(`${answer.status()} ${answer.url()}`);
  });
  return seen;
}

describe("a reader", () => {
  it.each(["light", "dark"] as const)(
    "sees on the first page README's first screen, %s, and the site's mark",
    async (colorScheme) => {
      const { page, faults, close } = await strictVisit();
      await page.emulateMedia({ colorScheme });
      await page.goto(url);
      const picture = colorScheme === "dark" ? "overview-dark" : "overview";
      await page.waitForFunction(
        (name) => [...document.images].some((img) => img.currentSrc.includes(`/${name}.`) && img.naturalWidth > 0),
        picture,
      );
      expect(await page.locator("pre code").allTextContents()).toEqual(
        expect.arrayContaining(["npm start", "npm test"]),
      );
      expect(await page.locator("img.logo").evaluate((img: HTMLImageElement) => img.naturalWidth)).toBeGreaterThan(0);
      const icon = await page.locator('link[rel="icon"]').getAttribute("href");
      expect((await page.request.get(new URL(icon ?? "", url).href)).headers()["content-type"]).toContain("image/svg");
      expect((await (await page.request.get(`${url}favicon.ico`)).body()).subarray(0, 4)).toEqual(
        Buffer.of(0, 0, 1, 0),
      );
      expect(faults).toEqual([]);
      await close();
    },
  );

  it.each([
    ["purge", ["cli.html#prewarm-purge", "freshness.html"]],
    ["crop", ["url.html#what-a-crop-keeps"]],
    ["budget", ["runbook.html#the-budget-is-spent", "cost.html"]],
  ])("who searches %s finds the right page first", async (words, right) => {
    const { page, faults, origins, close } = await strictVisit();
    await page.goto(url);
    await search(page, words);
    const first = await page.locator(".search li a").first().getAttribute("href");
    expect(right.map((path) => BASE + path)).toContain(first);
    expect(await violations(page)).toEqual([]);
    await page.keyboard.press("Enter");
    await page.waitForURL(`**${first}`);
    expect(faults).toEqual([]);
    expect([...origins]).toEqual([new URL(url).origin]);
    await close();
  });

  it("walks through the results by the arrows, and is told when there are none", async () => {
    const { page, close } = await strictVisit({ viewport: PHONE });
    await page.goto(url);
    await page.getByRole("button", { name: /^Search/ }).click();
    await page.getByRole("searchbox").fill("webhook");
    await page.locator(".search li a").nth(1).waitFor();
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("ArrowDown");
    expect(
      await page
        .locator(".search li a")
        .nth(1)
        .evaluate((link) => link === document.activeElement),
    ).toBe(true);
    await page.getByRole("searchbox").fill("zzzzqqqq");
    await page.getByText("Nothing is found.").waitFor();
    await close();
  });

  it("changes to another version, and sees which one it is", async () => {
    const { page, close } = await strictVisit();
    await page.goto(`${url}hooks.html`);
    const version = page.getByRole("combobox", { name: "Version" }).first();
    expect(await version.locator("option").allTextContents()).toEqual(["main", "HEAD"]);
    await version.selectOption("HEAD");
    await page.waitForURL(`${url}HEAD/`);
    await page.waitForFunction(() => document.querySelector("select")?.selectedOptions[0]?.textContent === "HEAD");
    await page.getByRole("link", { name: "Where to begin" }).first().click();
    await page.waitForURL(`${url}HEAD/start.html`);
    await close();
  });

  it("reads a page as Markdown", async () => {
    const { page, close } = await strictVisit();
    await page.goto(`${url}hooks.html`);
    const answer = await page.request.get(
      new URL((await page.getByRole("link", { name: "This page as Markdown" }).getAttribute("href")) ?? "", url).href,
    );
    expect(await answer.text()).toMatch(/^# Hooks/);
    await close();
  });
});

/** The blocks of code that a reader would have to scroll sideways to see whole, each by its beginning. */
function cutBlocks(page: Awaited<ReturnType<typeof visit>>["page"]): Promise<string[]> {
  return page
    .locator(".vp-doc pre")
    .evaluateAll((blocks) =>
      blocks
        .filter((block) => block.scrollWidth > block.clientWidth)
        .map((block) => `${block.textContent?.slice(0, 60)} is cut off`),
    );
}

describe("every page is whole and accessible", () => {
  it.each([PHONE, { width: 1280, height: 800 }])("at $width px, light and dark", async (viewport) => {
    const { page, faults, origins, close } = await strictVisit({ viewport });
    const wrong: string[] = [];
    for (const path of [...READ, ...OTHERS]) {
      await page.emulateMedia({ colorScheme: "light" });
      await page.goto(url + htmlOf(path));
      await page.getByText("This page as Markdown").waitFor();
      wrong.push(...(await violations(page)).map((one) => `${path}, light: ${one}`));
      if ((await overflow(page)) > 0) wrong.push(`${path}: scrolls sideways`);
      wrong.push(...(await cutBlocks(page)).map((block) => `${path}: ${block}`));
      await page.emulateMedia({ colorScheme: "dark" });
      await page.waitForFunction(() => document.documentElement.classList.contains("dark"));
      // Another theme at the same width can only change the colours.
      wrong.push(...(await violations(page, "color-contrast")).map((one) => `${path}, dark: ${one}`));
    }
    expect(wrong).toEqual([]);
    expect(faults).toEqual([]);
    expect([...origins]).toEqual([new URL(url).origin]);
    await close();
  });
});

async function search(page: Awaited<ReturnType<typeof visit>>["page"], words: string): Promise<void> {
  const box = page.getByRole("searchbox");
  // A key that comes before the page's script listens is lost.
  while (!(await box.isVisible())) {
    await page.keyboard.press("Control+k");
    await box.waitFor({ timeout: 2_000 }).catch(() => undefined);
  }
  await box.fill(words);
  await page.locator(".search li a").first().waitFor();
}
