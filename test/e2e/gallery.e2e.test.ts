import { createServer } from "node:http";
import { build } from "esbuild";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { launchBrowser } from "../../apps/dashboard/test/browser.ts";
import { listen } from "../../dev/listen.ts";
import { control, jobsOf } from "./pipeline.ts";
import { ask, PATIENCE_MS, startTestStack, type TestStack, until } from "./stack.ts";

/* The gallery of the local stack in Chromium: what it says of each picture is what R2, the ledger and the local Ittybit say. */

const PHONE = { width: 390, height: 844 };
const DESKTOP = { width: 1280, height: 900 };
/** Photographs that a variant is made of; the samples that are shown as they are have no badge. */
const ID = "hero.jpg";
const OTHER = "portrait.jpg";
const WARMED = "albums/été 2026/plage.webp";

// That room's types are a browser's: it is imported by a name that the compiler does not follow.
const visits = new URL("../../apps/dashboard/test/visit.ts", import.meta.url).pathname;
const { violations } = (await import(visits)) as { violations(page: Page): Promise<string[]> };

let browser: Awaited<ReturnType<typeof launchBrowser>>;
let stack: TestStack;

beforeAll(async () => {
  [browser, stack] = await Promise.all([launchBrowser(), startTestStack()]);
});
afterAll(async () => {
  await browser?.close();
  await stack?.close();
});

type Page = Awaited<ReturnType<Awaited<ReturnType<typeof browser.newContext>>["newPage"]>>;

async function open(options: { viewport?: typeof PHONE; colorScheme?: "light" | "dark"; path?: string } = {}) {
  const { viewport = DESKTOP, colorScheme = "light", path = `/gallery#token=${stack.adminToken}` } = options;
  const context = await browser.newContext({ viewport, colorScheme, deviceScaleFactor: 1 });
  const page = await context.newPage();
  const said: string[] = [];
  page.on("pageerror", (error) => said.push(String(error)));
  page.on("console", (message) => {
    // What a HEAD or a look at an unknown image is answered with stands in the console as well.
    if (message.type() === "error" && !/status of 4\d\d/.test(message.text())) said.push(message.text());
  });
  await page.goto(stack.controlUrl + path);
  await page.locator(".card").first().waitFor();
  return { context, page, said };
}

interface Badge {
  now: string | undefined;
  shown: string | undefined;
  line: string;
  url: string;
}

/** What a card says, once it says `now`. */
async function badge(page: Page, id: string, now: string, timeout = PATIENCE_MS): Promise<Badge> {
  const card = page.locator(`.card[data-id="${id}"]`);
  await card.locator(`.badge[data-now="${now}"]`).waitFor({ timeout });
  return page.evaluate(`(([card]) => {
    const { now, shown } = card.querySelector(".badge").dataset;
    return { now, shown, line: card.querySelector("p").textContent, url: card.querySelector("img").currentSrc };
  })(document.querySelectorAll('.card[data-id="${id}"]'))`);
}

async function reload(page: Page): Promise<void> {
  await page.getByRole("button", { name: "Load again" }).click();
}

/** Variants of an image that R2 holds, by the control API, which lists the bucket. */
async function storedOf(id: string): Promise<{ transform: string; bytes: number }[]> {
  const { variants } = (await control(stack, `images/${encodeURIComponent(id)}`)) as {
    variants: { transform: string; state: string; bytes: number }[];
  };
  return variants.filter(({ state }) => state === "stored");
}

/** An upload that no viewer has seen: its variants in R2. */
async function warmed() {
  const transforms = ["avif", "webp", "jpeg"].map((format) => `w=320&f=${format}`);
  await control(stack, "warm", { items: [{ id: WARMED, transforms }] });
  const stored = await until(
    "it is stored",
    () => storedOf(WARMED),
    (all) => all.length === transforms.length,
  );
  await until(
    "its size is known",
    () => ask(`${stack.edgeUrl}/info/${encodeURI(WARMED)}`),
    ({ status }) => status === 200,
  );
  return stored;
}

describe("a badge", () => {
  it("says cold, then warm, R2 and the edge's cache: as R2 and the local Ittybit have it", async () => {
    const uploaded = await warmed();
    expect([await storedOf(ID), jobsOf(stack, ID)]).toEqual([[], 0]);
    const { context, page, said } = await open();
    const first = await badge(page, ID, "cold");
    expect(first.shown).toBe("original");
    const { shown, line } = await badge(page, WARMED, "warm");
    expect(shown).toBe("r2");
    const bytes = uploaded.map((one) => `${Math.ceil(one.bytes / 1000)} kB`);
    expect(bytes.filter((text) => line.includes(`R2 · warm · 320 for 320 px · ${text}`)).length, line).toBeGreaterThan(
      0,
    );
    // The page asked for it: one job for the one variant, which is then in R2.
    const { url } = await badge(page, ID, "warm");
    const width = new URL(url).searchParams.get("w");
    expect([jobsOf(stack, ID), await storedOf(ID)]).toEqual([
      1,
      [expect.objectContaining({ transform: expect.stringContaining(`w=${width}&`) })],
    ]);
    await context.close();
    const again = await open();
    for (const id of [ID, WARMED]) expect(await badge(again.page, id, "warm")).toMatchObject({ shown: "cache" });
    expect([said, again.said]).toEqual([[], []]);
    await again.context.close();
  });

  it("says cold again after a purge, and stays so while viewers' jobs are paused", async () => {
    const { context, page } = await open();
    await badge(page, OTHER, "warm");
    await page.getByRole("button", { name: "Pause viewers' jobs" }).click();
    await page.getByText("Viewers' jobs are paused").waitFor();
    await page.getByRole("button", { name: `Purge ${OTHER}` }).click();
    await until(
      "R2 has nothing of it",
      () => storedOf(OTHER),
      (all) => all.length === 0,
    );
    const jobs = jobsOf(stack, OTHER);
    // A width that no cache has.
    await page.getByLabel("Box").selectOption("640");
    await reload(page);
    expect(await badge(page, OTHER, "cold")).toMatchObject({ shown: "original" });
    await page.locator(`.card[data-id="${OTHER}"] p`, { hasText: "Nothing of it" }).waitFor();
    expect([await storedOf(OTHER), jobsOf(stack, OTHER)]).toEqual([[], jobs]);
    const isPaused = async () => ((await control(stack, "gate")) as { paused: { live: boolean } }).paused.live;
    expect(await isPaused()).toBe(true);
    await page.getByRole("button", { name: "Resume viewers' jobs" }).click();
    await until("viewers' jobs go on", isPaused, (paused) => !paused);
    await context.close();
  });

  it("says that the edge is unreachable when the machine is offline", async () => {
    const { context, page } = await open();
    await badge(page, ID, "warm");
    await context.setOffline(true);
    await reload(page);
    expect(await badge(page, ID, "unreachable")).toMatchObject({ now: "unreachable" });
    await context.setOffline(false);
    await reload(page);
    await badge(page, ID, "warm");
    await context.close();
  });

  it("asks for the width of another screen, and with Save-Data", async () => {
    const { context, page } = await open();
    await badge(page, ID, "warm");
    await page.getByLabel("Screen").selectOption("2");
    await until(
      "the variant of 640 px is shown",
      async () => {
        await reload(page);
        return badge(page, ID, "warm", 3_000).catch(() => null);
      },
      // What stood in until then is kept for some seconds, and the pause is remembered as long.
      (seen) => seen?.line.includes("640 for 640 px") ?? false,
    );
    await page.getByLabel("Save-Data").check();
    const sent = page.waitForRequest(
      (request) => request.url().includes(`/images/${ID}`) && request.headers()["save-data"] === "on",
    );
    await reload(page);
    await sent;
    await page.locator(`.card[data-id="${ID}"] .badge[data-now="warm"]`).waitFor();
    await context.close();
  });
});

describe("the form", () => {
  it.each([
    [{ Image: ID, Width: "320" }, /w=320&f=auto/, [/<img sizes=.* src="http/, /cache-status: edge/]],
    [{ Image: ID, "Or a query of your own": "w=640&f=gif" }, /f=gif/, [/code: parameter_invalid/, /HTTP 400/]],
    [{ Image: ID, "Or a query of your own": "w=641&h=7&f=webp" }, /w=641/, [/code: signature_required/, /ratios: /]],
    [{ Image: "none-of-ours.jpg", Width: "640" }, /none-of-ours/, [/302 to the original/]],
  ])("%j: URL, markup, headers and refusals", async (words, url, texts) => {
    const { context, page, said } = await open();
    for (const [label, value] of Object.entries(words)) await page.getByLabel(label, { exact: true }).fill(value);
    await page.getByRole("button", { name: "Look" }).click();
    await page.locator("#answer a", { hasText: url }).waitFor();
    for (const text of texts) expect(await page.locator("#answer").textContent()).toMatch(text);
    expect(said).toEqual([]);
    await context.close();
  });
});

describe("the page", () => {
  it.each([
    ["light", DESKTOP],
    ["dark", PHONE],
  ] as const)("is accessible in %s, and does not scroll sideways", async (colorScheme, viewport) => {
    const { context, page } = await open({ colorScheme, viewport });
    await badge(page, ID, "warm");
    await page.getByLabel("Image", { exact: true }).fill(ID);
    await page.getByRole("button", { name: "Look" }).click();
    await page.locator("#answer pre").first().waitFor();
    expect(await violations(page)).toEqual([]);
    const sideways = "document.documentElement.scrollWidth - document.documentElement.clientWidth";
    expect(await page.evaluate(sideways)).toBe(0);
    if (process.env.SHOTS)
      await page.screenshot({ path: `${process.env.SHOTS}/gallery-${colorScheme}.png`, fullPage: true });
    await context.close();
  });

  it("shows without a token, and neither purges nor pauses", async () => {
    const { context, page } = await open({ path: "/gallery" });
    await badge(page, ID, "warm");
    expect(await page.getByRole("button", { name: `Purge ${ID}` }).isDisabled()).toBe(true);
    expect(await page.getByRole("button", { name: "Pause viewers' jobs" }).isDisabled()).toBe(true);
    await context.close();
  });

  it("is linked from the edge's own address, is of another origin, and keeps its token out of the address", async () => {
    const home = await ask(`${stack.edgeUrl}/`);
    expect([home.status, String(home.body)]).toEqual([
      200,
      expect.stringContaining(`href="${stack.controlUrl}/gallery"`),
    ]);
    const page = await ask(`${stack.controlUrl}/gallery`);
    expect(page.headers.get("content-security-policy")).toContain(`img-src 'self' ${stack.edgeUrl} `);
    const opened = await open();
    expect(opened.page.url()).toBe(`${stack.controlUrl}/gallery`);
    await opened.context.close();
  });
});

it("the inspector writes the same over the images of any page, and nothing that can be read or clicked", async () => {
  const { outputFiles } = await build({
    stdin: {
      contents: `import { inspect } from "./inspect.ts"; window.end = inspect({ baseUrl: "${stack.edgeUrl}" });`,
      resolveDir: new URL("../../packages/client/src", import.meta.url).pathname,
    },
    bundle: true,
    format: "iife",
    write: false,
  });
  const context = await browser.newContext({ viewport: DESKTOP, deviceScaleFactor: 1 });
  const page = await context.newPage();
  const image = (more: string) => `<img src="${stack.edgeUrl}/images/${ID}?w=320&f=auto" ${more} alt="">`;
  const body = `<!doctype html>${image(`width="320" height="180"`)}${image("")}<script>${outputFiles[0]?.text}</script>`;
  const server = createServer((_, response) => response.setHeader("content-type", "text/html").end(body));
  await page.goto(`http://localhost:${await listen(server, 0)}/`);
  const labels = `[...document.querySelector("prewarm-inspect")?.shadowRoot.children ?? []].map((label) => label.textContent)`;
  const seen = await until(
    "both are labelled",
    () => page.evaluate(labels) as Promise<string[]>,
    (all) => all.length === 2,
  );
  // The longer one, with its advice, last.
  expect(seen.sort((a, b) => a.length - b.length)).toEqual([
    expect.stringMatching(/^edge cache · warm · 320 for 320 px · \d+ kB, \d+ % less$/),
    expect.stringMatching(/ – It has no width and height/),
  ]);
  expect(await violations(page)).toEqual(expect.not.arrayContaining([expect.stringContaining("prewarm-inspect")]));
  await page.evaluate("window.end()");
  expect(await page.locator("prewarm-inspect").count()).toBe(0);
  await context.close();
  server.close();
});
