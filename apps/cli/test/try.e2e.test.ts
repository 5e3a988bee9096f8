import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { listen } from "../../../dev/listen.ts";
import { until } from "../../../test/e2e/stack.ts";
import { startTry, type TryProcess } from "../../../test/e2e/try-process.ts";
import { tempFolder } from "../../../test/temp-folder.ts";
import { launchBrowser } from "../../dashboard/test/browser.ts";
import { measuredAgain } from "./testing/measured-again.ts";
import { openLocal } from "./testing/open-local.ts";

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
interface Figures {
  images: [before: number, shipped: number, changed: number];
  rewritten: number;
  old: number;
  asItIs: number;
}
const figuresOf = async (page: Page): Promise<Figures> => {
  await measuredAgain(page);
  return JSON.parse(await page.evaluate(`document.querySelector("prewarm-bar").dataset.figures`));
};
/** Lazy ones included. */
const showAll = (page: Page): Promise<void> =>
  page.evaluate(
    `Promise.all([...document.images].map((image) => { image.loading = "eager"; return image.decode(); })).then(() => {})`,
  );

it("shows what the rewriter gives to the page as it stands, in the same boxes, and beside it what other markup would", async () => {
  const page = await (await browser.newContext({ viewport: { width: 1280, height: 800 } })).newPage();
  const said: string[] = [];
  page.on("console", (message) => said.push(message.text()));
  page.on("pageerror", (error) => said.push(String(error)));
  for (const [path, rewritten, asItIs] of [
    ["", 6, 0],
    ["gallery.html", 0, 3],
    ["about.html", 0, 1],
  ] as const) {
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
    const figures = await figuresOf(page);
    expect(figures, path).toMatchObject({ rewritten, old: 0, asItIs });
    const [original, shipped, changed] = figures.images;
    if (rewritten > 0) expect(shipped, path).toBeLessThan(original * 0.6);
    else expect(shipped, path).toBe(original);
    expect(changed, path).toBeLessThan(original * 0.6);
  }
  expect(said).toEqual([]);
  await page.close();
});

it("lets the rewriter write plain images, and leaves the others their addresses", async () => {
  const index = (await openLocal(trial.url)).text;
  expect(index).toMatch(
    /<img src="http:\/\/[\da-f]{10}\.localhost:\d+\/\.prewarm\/images\/photos\/landscape\.jpg\?w=\d+&amp;f=auto" srcset=/,
  );
  expect(index).toContain('<img src="photos/logo.svg" alt="">');
  const gallery = (await openLocal(`${trial.url}gallery.html`)).text;
  expect(gallery).toContain('srcset="photos/hero.jpg 1024w, photos/phone.jpg 4208w"');
});

it("keeps the site and other programs on localhost apart", async () => {
  const told: (string | undefined)[] = [];
  const program = createServer(({ headers }, response) => {
    told.push(headers.cookie);
    response.writeHead(200, { "content-type": "image/png" }).end();
  });
  const other = `http://localhost:${await listen(program, 0)}/`;
  const context = await browser.newContext();
  await context.addCookies([{ name: "session", value: "1", url: other, sameSite: "Strict" }]);
  const page = await context.newPage();
  await page.goto(other);
  await page.goto(trial.url);
  const cookies = () => page.evaluate<string>("document.cookie");
  expect(await cookies()).toBe("");
  await page.evaluate(`document.cookie = "session=stolen; domain=localhost; path=/"; document.cookie = "own=1"`);
  expect(await cookies()).toBe("own=1");
  await page.evaluate(`fetch(${JSON.stringify(other)}, { mode: "no-cors", credentials: "include" })`);
  // Of its own page, then of the site's script.
  expect(told).toEqual(["session=1", undefined]);
  expect((await context.cookies(other)).map(({ value }) => value)).toEqual(["1"]);
  await context.close();
  program.close();
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
