import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { launchBrowser } from "../../apps/dashboard/test/browser.ts";
import { writePage } from "../../examples/plain/write-page.ts";
import { startTestStack, type TestStack, until } from "./stack.ts";

/* The page of examples/plain in Chromium, on the local stack: cold, and again when its variants are made. */

type Browser = Awaited<ReturnType<typeof launchBrowser>>;
type Page = Awaited<ReturnType<Browser["newPage"]>>;

let browser: Browser;
let stack: TestStack;
let site: Server;

beforeAll(async () => {
  [browser, stack] = await Promise.all([launchBrowser(), startTestStack()]);
  const html = writePage(stack.edgeUrl);
  site = createServer((_, response) => response.setHeader("content-type", "text/html").end(html)).listen(0);
});
afterAll(async () => {
  site?.close();
  await browser?.close();
  await stack?.close();
});

interface Image {
  url: string;
  width: number;
  isShown: boolean;
  box: string;
}

/** What a new visitor sees who scrolls to the end: images, the sum of layout shifts, and what the console says. */
async function visit() {
  const context = await browser.newContext({ viewport: { width: 1000, height: 700 } });
  const page = await context.newPage();
  const said: string[] = [];
  page.on("console", (message) => said.push(message.text()));
  page.on("pageerror", (error) => said.push(String(error)));
  await page.goto(`http://localhost:${(site.address() as AddressInfo).port}/`);
  await page.evaluate("window.scrollTo(0, document.body.scrollHeight)");
  const shown = await until(
    "all images are there",
    () => look(page),
    (all) => all.every(({ isShown }) => isShown),
  );
  const shift: number = await page.evaluate(`new Promise((resolve) => {
    let sum = 0;
    new PerformanceObserver((list) => list.getEntries().forEach(({ value }) => { sum += value; })).observe({ type: "layout-shift", buffered: true });
    setTimeout(() => resolve(sum), 300);
  })`);
  await context.close();
  return { shown, said, shift };
}

function look(page: Page): Promise<Image[]> {
  return page.evaluate(`[...document.images].map((image) => ({
    url: image.currentSrc,
    width: image.naturalWidth,
    isShown: image.complete && image.naturalWidth > 0,
    box: [image.offsetLeft, image.offsetTop, image.offsetWidth, image.offsetHeight].join(),
  }))`);
}

async function isWarm(url: string): Promise<boolean> {
  const headers = { accept: "image/avif,image/webp,*/*" };
  return (await fetch(url, { method: "HEAD", redirect: "manual", headers })).ok;
}

describe("a page of eight images", () => {
  it("is shown cold and warm alike: all images, no shift, nothing in the console, the same boxes", async () => {
    const cold = await visit();
    expect(cold.shown).toHaveLength(8);
    expect(cold.said).toEqual([]);
    expect(cold.shift).toBe(0);

    const made = cold.shown.map(({ url }) => url).filter((url) => !url.endsWith(".svg"));
    await until(
      "all variants are made",
      () => Promise.all(made.map(isWarm)),
      (warm) => warm.every(Boolean),
      40_000,
    );
    const warm = await visit();
    expect(warm.said).toEqual([]);
    expect(warm.shift).toBe(0);
    expect(warm.shown.map(({ box }) => box)).toEqual(cold.shown.map(({ box }) => box));
    expect(warm.shown.map(({ url }) => url)).toEqual(cold.shown.map(({ url }) => url));
  });
});
