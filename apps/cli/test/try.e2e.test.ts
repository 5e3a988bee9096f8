import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { until } from "../../../test/e2e/stack.ts";
import { startTry, type TryProcess } from "../../../test/e2e/try-process.ts";
import { tempFolder } from "../../../test/temp-folder.ts";
import { launchBrowser } from "../../dashboard/test/browser.ts";

/** `prewarm try` without a site: its ten pages in a browser, from the first view to the files that it leaves. */

type Browser = Awaited<ReturnType<typeof launchBrowser>>;
type Page = Awaited<ReturnType<Browser["newPage"]>>;

const cwd = join(tempFolder("prewarm-try-"), "magazine");
let trial: TryProcess;
let browser: Browser;
beforeAll(async () => {
  mkdirSync(cwd);
  writeFileSync(join(cwd, "README.md"), "mine");
  trial = await startTry(["try", "--write"], cwd);
  browser = await launchBrowser();
});
afterAll(async () => {
  await browser?.close();
  await trial?.stop();
});

const boxes = (page: Page): Promise<string> =>
  page.evaluate(`[...document.images].map((image) => [image.offsetLeft, image.offsetTop, image.offsetWidth,
    image.offsetHeight].join()).join(" ")`);
const stateOf = (page: Page): Promise<string> => page.evaluate(`document.querySelector("prewarm-bar")?.dataset.state`);
const barOf = (page: Page): Promise<string> =>
  page.evaluate(`document.querySelector("prewarm-bar").shadowRoot.querySelector("div").innerText`);
/** Lazy ones included. */
const showAll = (page: Page): Promise<void> =>
  page.evaluate(
    `Promise.all([...document.images].map((image) => { image.loading = "eager"; return image.decode(); })).then(() => {})`,
  );

it("shows the built-in site with its originals, then every picture from the stack in the same boxes", async () => {
  const page = await (await browser.newContext({ viewport: { width: 1280, height: 800 } })).newPage();
  const said: string[] = [];
  page.on("console", (message) => said.push(message.text()));
  page.on("pageerror", (error) => said.push(String(error)));
  for (const path of ["", "gallery.html", "about.html"]) {
    await page.goto(new URL(path, trial.url).href);
    await showAll(page);
    const before = await boxes(page);
    await until(
      "the variants are made",
      () => stateOf(page),
      (state) => state === "ready" || state === "warm",
    );
    await page.reload();
    await showAll(page);
    await until(
      "the page is warm",
      () => stateOf(page),
      (state) => state === "warm",
    );
    expect(await boxes(page), path).toBe(before);
    const bar = (await barOf(page)).replaceAll("\n", " ");
    const [, saved] = /Images .* → .*\(−(\d+) %\).* Recognised (\d+) of \2 /.exec(bar) ?? [];
    expect(Number(saved), `${path}: ${bar}`).toBeGreaterThan(40);
  }
  expect(said).toEqual([]);
  await page.close();
});

it("lets the rewriter write plain images, and leaves the others their addresses", async () => {
  const index = await (await fetch(trial.url)).text();
  expect(index).toMatch(
    /<img src="http:\/\/localhost:\d+\/\.prewarm\/images\/photos\/landscape\.jpg\?w=\d+&amp;f=auto" srcset=/,
  );
  expect(index).toContain('<img src="photos/logo.svg" alt="">');
  const gallery = await (await fetch(`${trial.url}gallery.html`)).text();
  expect(gallery).toContain('srcset="photos/hero.jpg 1024w, photos/phone.jpg 4208w"');
});

it("leaves the files of a site, and keeps what is there", async () => {
  await until(
    "it has written",
    async () => trial.said(),
    (said) => said.includes("Written: "),
  );
  expect(trial.said()).toContain("Read 10 pages with 7 images. ");
  expect(readFileSync(join(cwd, "README.md"), "utf8")).toBe("mine");
  expect(readFileSync(join(cwd, "prewarm.config.ts"), "utf8")).toContain("sources: [{ prefix");
  expect(JSON.parse(readFileSync(join(cwd, "package.json"), "utf8"))).toMatchObject({ name: "magazine" });
});

it("ends at Ctrl-C, and leaves nothing else", async () => {
  expect(await trial.stop()).toBe(0);
  expect([".prewarm", ".wrangler"].filter((name) => existsSync(join(cwd, name)))).toEqual([]);
});
