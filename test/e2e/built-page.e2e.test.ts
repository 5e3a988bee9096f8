import { readFileSync } from "node:fs";
import { join } from "node:path";
import { pageAddresses } from "@prewarm/site-pages/page-addresses";
import { afterAll, beforeAll, expect, it } from "vitest";
import { launchBrowser } from "../../apps/dashboard/test/browser.ts";

/* `warm --html` finds every image that Chromium loads from a page, at nine windows. */

const SITE = "https://site.example/";
const EXAMPLE = join(import.meta.dirname, "../../examples/plain/index.html");
const KINDS = join(import.meta.dirname, "fixtures/built-page.html");
const IMAGE = '<svg xmlns="http://www.w3.org/2000/svg" width="800" height="600"/>';

let browser: Awaited<ReturnType<typeof launchBrowser>>;
beforeAll(async () => {
  browser = await launchBrowser();
});
afterAll(() => browser.close());

/** Addresses of images that the page's browser asks for in one window. */
async function askedIn(html: string, width: number, deviceScaleFactor: number): Promise<string[]> {
  const asked: string[] = [];
  const page = await browser.newPage({ viewport: { width, height: 900 }, deviceScaleFactor });
  await page.route("**/*", (route) => {
    const url = route.request().url();
    if (url === SITE) return route.fulfill({ contentType: "text/html", body: html });
    if (!url.includes("/images/")) return route.fulfill({ status: 404, body: "" });
    asked.push(url);
    return route.fulfill({ contentType: "image/svg+xml", body: IMAGE });
  });
  await page.goto(SITE);
  await page.evaluate("scrollTo(0, document.body.scrollHeight)");
  await page.waitForLoadState("networkidle");
  await page.close();
  return asked;
}

it.each([
  // The least number of addresses that the page's windows ask for: a page that did not load proves nothing.
  [KINDS, 25],
  [EXAMPLE, 20],
])("finds what Chromium asks for: %s", async (file, least) => {
  const html = readFileSync(file, "utf8");
  const found = new Set(pageAddresses(html).addresses.map(({ address }) => URL.parse(address, SITE)?.href));
  const asked = new Set<string>();
  for (const width of [360, 768, 1440])
    for (const scale of [1, 2, 3]) for (const url of await askedIn(html, width, scale)) asked.add(url);
  expect([...asked].filter((url) => !found.has(url))).toEqual([]);
  expect(asked.size).toBeGreaterThanOrEqual(least);
});
