import type { launchBrowser } from "../../apps/dashboard/test/browser.ts";
import { until } from "./stack.ts";
import { untilWarm } from "./until-warm.ts";

type Browser = Awaited<ReturnType<typeof launchBrowser>>;
type Page = Awaited<ReturnType<Awaited<ReturnType<Browser["newContext"]>>["newPage"]>>;

/** What somebody sees of an image whose requests a service worker answers: its width in px, and how many answers are kept. */
interface Seen {
  cold: { width: number; kept: number };
  next: { width: number; kept: number };
}

/** Shows the cold image at `url` in a page under the site's `/sw.js`, and again in another tab when its variant is made. */
export async function visitWithWorker(browser: Browser, site: string, url: string, cacheName: string): Promise<Seen> {
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.goto(`${site}/empty`);
  await page.evaluate(`navigator.serviceWorker.register("/sw.js", { type: "module" }).then(() => new Promise((resolve) => {
    if (navigator.serviceWorker.controller) resolve();
    else navigator.serviceWorker.addEventListener("controllerchange", () => resolve());
  }))`);
  const kept = (): Promise<number> =>
    page.evaluate(`caches.open("${cacheName}").then((cache) => cache.keys()).then((keys) => keys.length)`);
  const cold = { width: await show(page, url), kept: await kept() };
  await untilWarm([url]);
  // Another tab: the first may show from memory what it has shown.
  const other = await context.newPage();
  await other.goto(`${site}/empty`);
  const width = await show(other, url);
  // An answer is kept after it is given.
  const next = { width, kept: await until("the variant is kept", kept, (count) => count > 0) };
  await context.close();
  return { cold, next };
}

/** Puts an image into the page and gives its width in px once it is loaded. */
function show(page: Page, url: string): Promise<number> {
  return page.evaluate(`new Promise((resolve, reject) => {
    const image = document.body.appendChild(new Image());
    image.onload = () => resolve(image.naturalWidth);
    image.onerror = reject;
    image.src = "${url}";
  })`);
}
