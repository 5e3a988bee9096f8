import { readFile } from "node:fs/promises";
import { checkReceipt } from "@prewarm/control-schema/receipt-check";
import { parsePem } from "@prewarm/shared/ed25519";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { launchBrowser } from "./browser.ts";
import { type LocalStack, startTestStack, until } from "./local-stack.ts";
import { operatorOf } from "./operator.ts";
import { overflow, settled, titleWidth, violations } from "./visit.ts";

/* A phone at night, on the real stack: several troubles at once, long ids, long labels. Then an idle tab, and what it costs. */

let browser: Browser;
let stack: LocalStack;
let run = "";
let job = "";
const { api, signedIn, ended } = operatorOf(
  () => stack,
  () => browser,
);
const LONG =
  "journal/2026/a-very-long-name-of-an-image-that-somebody-exported-from-a-camera-without-thinking-IMG_20261124_160512";
const gate = (body: object) => api("/gate", { method: "PATCH", body: JSON.stringify(body) });

beforeAll(async () => {
  [browser, stack] = await Promise.all([launchBrowser(), startTestStack()]);
  const items = Array.from({ length: 40 }, (_, n) => ({ id: `${LONG}_${n}.jpg`, transforms: ["w=320&f=webp"] }));
  items.push({ id: "landscape.jpg", transforms: ["w=320&f=webp"] });
  const body = JSON.stringify({ items, label: `Autumn catalogue, second delivery, ${LONG}` });
  ({ run } = await api<{ run: string }>("/warm", { method: "POST", body }));
  await ended(run);
  const { jobs } = await api<{ jobs: { job: string; id: string }[] }>("/jobs?state=refused");
  job = jobs.find(({ id }) => id.startsWith(LONG))?.job ?? "";
  await gate({ paused: { upload: { reason: "a migration of the source" }, bulk: { reason: "the price is checked" } } });
  await until(
    "everything is wrong",
    () => api<{ troubles: { code: string }[] }>("/stats"),
    ({ troubles }) => troubles.filter(({ code }) => code === "paused" || code === "refusing").length === 3,
  );
});
afterAll(async () => {
  await browser?.close();
  await stack?.close();
});

const pages = (): string[] => [
  ...["/", "/jobs", `/jobs/${job}`, "/images", `/images/${LONG}_1.jpg`, "/runs", `/runs/${run}`, "/runs/new"],
  ...[
    "/jobs/causes",
    "/jobs/causes?window=all&state=dead",
    "/usage",
    "/usage/sites",
    "/usage/costs",
    "/steering",
    "/system",
    `/images?search=${stack.edgeUrl}/images/${LONG}_1.jpg?w=320`,
  ],
];
/** A title that is longer than one line of these many px has room for them. */
const TITLE_MIN = 200;

/** Strips above the content, and the top of the first number or field that is not one of a strip's or the menu's, in px. */
function look(page: Page): Promise<{ banners: number; first: number }> {
  return page.evaluate(() => {
    const seen = [
      ...document.querySelectorAll<HTMLElement>(
        "main .num, main .badge, main .pill, main input, main textarea, main time, main .empty",
      ),
    ]
      .filter((one) => one.checkVisibility() && one.closest("main > .strip") === null)
      .map((one) => one.getBoundingClientRect().top);
    return {
      banners: document.querySelectorAll("main > .strip, main > .warnings li").length,
      first: Math.min(...seen),
    };
  });
}

describe.each([
  { width: 390, height: 844 },
  { width: 320, height: 568 },
])("at $width px", (viewport) => {
  it("every page has its title, its first number above the fold, one banner, and nothing beside the screen", async () => {
    const { page, faults, close } = await signedIn("/", stack.adminToken, { viewport });
    const wrong: string[] = [];
    for (const path of pages()) {
      await page.goto(stack.controlUrl + path);
      await settled(page);
      const { banners, first } = await look(page);
      const title = await titleWidth(page);
      const isLong = ((await page.locator("h1").textContent()) ?? "").length > 20;
      if (banners > 1) wrong.push(`${path} has ${banners} banners`);
      if (first > viewport.height) wrong.push(`${path} has its first number at ${Math.round(first)} px`);
      if (title !== null && isLong && title < TITLE_MIN) wrong.push(`${path} has a title of ${title} px`);
      if ((await overflow(page)) > 0) wrong.push(`${path} scrolls sideways`);
    }
    expect([wrong, faults]).toEqual([[], []]);
    await close();
  });
});

it("names the newest trouble first, since when and what to do, and tells what is over", async () => {
  const { page, close } = await signedIn("/", stack.adminToken, { viewport: { width: 390, height: 844 } });
  const health = page.getByRole("region", { name: "Health" });
  await health
    .getByText(/upload is paused|bulk is paused/)
    .first()
    .waitFor();
  await health.getByText("Resume the lane once the reason is gone.").first().waitFor();
  await health.getByText(/^Since/).waitFor();
  const needs = page.getByRole("region", { name: "What else needs you" });
  await needs
    .getByRole("listitem")
    .filter({ hasText: /were refused/ })
    .getByText(/^Within the last hour/)
    .waitFor();
  await page.goto(`${stack.controlUrl}/runs`);
  await page.getByRole("note", { name: "Trouble" }).getByRole("link", { name: "2 more" }).click();
  await page.getByRole("heading", { name: "What else needs you" }).waitFor();
  await close();
});

it("takes an acknowledged trouble out of the headline of every page, says who did it, and puts it back", async () => {
  const { page, faults, close } = await signedIn("/", stack.adminToken, { viewport: { width: 390, height: 844 } });
  const health = page.getByRole("region", { name: "Health" });
  for (const lane of ["upload", "bulk"]) {
    await health.getByRole("button", { name: `Acknowledge: ${lane} is paused` }).click();
    await page.getByText("Acknowledged. It stays quiet until it changes.").first().waitFor();
    await health
      .locator(".sentence")
      .filter({ hasNotText: `${lane} is paused` })
      .waitFor();
  }
  expect(await health.locator(".sentence").textContent()).toMatch(/were refused/);
  const needs = page.getByRole("region", { name: /needs you$/ });
  await needs.getByText("Acknowledged: 2").click();
  const known = needs.getByRole("listitem").filter({ hasText: "bulk is paused" });
  expect(await known.textContent()).toMatch(/operator token 1, .*(ago|just now)/);
  expect(await overflow(page)).toBe(0);
  await page.goto(`${stack.controlUrl}/runs`);
  const line = page.getByRole("note", { name: "Trouble" });
  expect(await line.textContent()).toMatch(/were refused/);
  await page.goto(stack.controlUrl);
  await needs.getByText("Acknowledged: 2").click();
  for (const lane of ["upload", "bulk"]) {
    await needs.getByRole("button", { name: `Undo: ${lane} is paused` }).click();
    await page.getByRole("button", { name: `Acknowledge: ${lane} is paused` }).waitFor();
  }
  expect(faults).toEqual([]);
  await close();
});

it("tells every time as the reader wants it: relative, local or UTC", async () => {
  const { page, close } = await signedIn("/steering");
  const time = page.locator(".dock time");
  expect(await time.textContent()).toMatch(/ago$|just now/);
  await page.locator(".who summary").click();
  await page.getByRole("button", { name: "UTC", exact: true }).click();
  expect(await time.textContent()).toMatch(/^\d\d:\d\d:\d\d UTC$/);
  await page.reload();
  await time.waitFor();
  expect(await time.textContent()).toMatch(/^\d\d:\d\d:\d\d UTC$/);
  await close();
});

it("compares originals with variants in the browser, and says of a missing one why there is no picture", async () => {
  const { page, faults, close } = await signedIn(`/runs/${run}`);
  await page.getByRole("button", { name: "Compare with originals" }).click();
  await page.getByText("9 images, the least alike first.").waitFor();
  const pairs = page.locator(".pairs > li");
  expect(await pairs.first().textContent()).toContain("the original does not exist");
  expect(await pairs.first().locator("img").count()).toBe(0);
  const last = pairs.last();
  expect(await last.textContent()).toMatch(/^landscape\.jpg.*(9\d|100) % alike.*320 px/);
  expect(await last.locator("img").count()).toBe(2);
  expect([await violations(page), faults]).toEqual([[], []]);
  await close();
});

it("proves a run against R2, and says which of its variants were purged", async () => {
  const { page, close } = await signedIn(`/runs/${run}`);
  await page.getByRole("button", { name: "Check against R2" }).click();
  await page.getByText("1 of 41 variants are in R2. 40 missing: 40 original missing or unusable.").waitFor();
  await api("/images/landscape.jpg", { method: "DELETE" });
  await until(
    "it is purged",
    () => api<{ variants: object[] }>("/images/landscape.jpg"),
    ({ variants }) => variants.length === 0,
  );
  await page.getByRole("button", { name: "Check against R2" }).click();
  await page.getByText(/^0 of 41 variants are in R2\. 41 missing: .*1 purged/).waitFor();
  await page.getByText("41 missing variants").click();
  await page.getByRole("listitem").filter({ hasText: "landscape.jpg" }).getByText("purged").waitFor();
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("button", { name: "Download the receipt" }).click(),
  ]);
  expect(download.suggestedFilename()).toBe(`receipt-${run}.txt`);
  const file = await readFile(await download.path(), "utf8");
  const pem = await (await fetch(`${stack.controlUrl}/.well-known/prewarm-receipts`)).text();
  expect(await checkReceipt(file, parsePem(pem))).toMatchObject({ receipt: { run, complete: false } });
  await close();
});

/** Counts the page's own requests under way, where a test can ask for them. */
function countOpen(): void {
  const page = globalThis as unknown as { open: number };
  const asks = globalThis.fetch;
  page.open = 0;
  globalThis.fetch = async (...asked) => {
    page.open += 1;
    const answer = await asks(...asked);
    await answer.clone().arrayBuffer();
    page.open -= 1;
    return answer;
  };
}

/** The page's own clock goes on step by step: each answer that the page asks for has come before the next step. */
async function pass(page: Page, ms: number): Promise<void> {
  const open = () => page.evaluate(() => (globalThis as unknown as { open: number }).open);
  for (let passed = 0; passed < ms; passed += STEP_MS) {
    await page.clock.runFor(STEP_MS);
    while ((await open()) > 0);
  }
}

/**
 * Requests and bytes on the wire that a page causes in a minute while nobody touches it. `encodedDataLength` is what the browser's network
 * has received, headers and body as they were sent; of a 304 it may be 0, so the text of its headers counts at least.
 */
async function minuteOf(path: string): Promise<{ path: string; requests: number; unchanged: number; bytes: number }> {
  const { page, close } = await signedIn("/");
  await page.addInitScript(countOpen);
  await page.clock.install();
  await page.goto(stack.controlUrl + path);
  await settled(page);
  await pass(page, SETTLE_MS);
  const seen = { path, requests: 0, unchanged: 0 };
  const sizes = new Map<string, number>();
  const atLeast = (request: string, bytes: number) => sizes.set(request, Math.max(bytes, sizes.get(request) ?? 0));
  const network = await page.context().newCDPSession(page);
  network.on("Network.requestWillBeSent", () => {
    seen.requests += 1;
  });
  network.on("Network.responseReceivedExtraInfo", ({ requestId, statusCode, headersText = "" }) => {
    if (statusCode !== 304) return;
    seen.unchanged += 1;
    atLeast(requestId, headersText.length);
  });
  network.on("Network.loadingFinished", ({ requestId, encodedDataLength }) => atLeast(requestId, encodedDataLength));
  await network.send("Network.enable");
  await pass(page, 60_000);
  await close();
  return { ...seen, bytes: [...sizes.values()].reduce((sum, bytes) => sum + bytes, 0) };
}
const STEP_MS = 500;
const SETTLE_MS = 30_000;
const REQUESTS_MAX = 12;
const BYTES_MAX = 15_000;
const HEADERS_MIN = 150;

it.each([
  ["an idle tab", 0],
  ["a tab while held jobs wait", 30],
])(
  "asks at most 12 times and for 15 kB a minute in %s",
  async (_, waiting) => {
    const items = Array.from({ length: waiting }, (_, n) => ({ id: `held/${n}.jpg`, transforms: ["w=320&f=webp"] }));
    if (waiting > 0) await api("/warm", { method: "POST", body: JSON.stringify({ items }) });
    await until(
      "nothing moves, and the rates of the last two minutes have come to 0",
      () => api<{ open: number; rates: { endedPerSecond: number; acceptedPerSecond: number } }>("/stats"),
      ({ open, rates }) => open === waiting && rates.endedPerSecond + rates.acceptedPerSecond === 0,
    );
    const all = await Promise.all(["/", "/jobs", `/runs/${run}`, "/steering", "/jobs/causes", "/system"].map(minuteOf));
    console.log(JSON.stringify(all));
    expect(all.filter(({ requests, bytes }) => requests > REQUESTS_MAX || bytes > BYTES_MAX)).toEqual([]);
    // Each 304 has at least a status line and its headers: fewer bytes would mean that they were not counted.
    expect(all.filter(({ unchanged, bytes }) => unchanged === 0 || bytes < unchanged * HEADERS_MIN)).toEqual([]);
  },
  300_000,
);
