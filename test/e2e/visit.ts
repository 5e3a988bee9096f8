import type { launchBrowser } from "../../apps/dashboard/test/browser.ts";

type Browser = Awaited<ReturnType<typeof launchBrowser>>;
export type Context = Awaited<ReturnType<Browser["newContext"]>>;
type Page = Awaited<ReturnType<Context["newPage"]>>;

/** An `<img>` as it stands in the page. */
export interface SeenImage {
  url: string;
  /** Of the picture in CSS px, as its candidate's descriptor has them: the box's own when it is what was announced; 0 is a broken image. */
  width: number;
  /** Left, top, width and height of its box in CSS px. */
  box: string;
}

/** What a visitor sees who scrolls to the end. */
export interface Visit {
  images: SeenImage[];
  /** The console's messages, and errors of the page. */
  said: string[];
  /** What moved by itself, each with its rectangles before and after. */
  shifts: string[];
  /** What came over the network for images, headers and redirects included. */
  bytes: number;
}

/** Opens `url` in a tab of its own, shows every image, and closes it. What the browser has kept belongs to the context. */
export async function visit(context: Context, url: string): Promise<Visit> {
  const page = await context.newPage();
  const said: string[] = [];
  page.on("console", (message) => said.push(message.text()));
  page.on("pageerror", (error) => said.push(String(error)));
  const bytes = await countBytes(page);
  await page.goto(url);
  await showAll(page);
  const images: SeenImage[] = await page.evaluate(`[...document.images].map((image) => ({
    url: image.currentSrc,
    width: image.naturalWidth,
    box: [image.offsetLeft, image.offsetTop, image.offsetWidth, image.offsetHeight].join(),
  }))`);
  const shifts: string[] = await page.evaluate(`new Promise((resolve) => {
    const shifts = [];
    const rect = ({ x, y, width, height }) => [x, y, width, height].join();
    const add = (list) => list.forEach(({ value, sources }) => shifts.push(value + sources.map(({ node, previousRect, currentRect }) =>
      "; " + (node?.alt ?? node?.nodeName) + " " + rect(previousRect) + " → " + rect(currentRect)).join("")));
    const observer = new PerformanceObserver((list) => add(list.getEntries()));
    observer.observe({ type: "layout-shift", buffered: true });
    // Two frames later, everything that was painted has been told.
    requestAnimationFrame(() => requestAnimationFrame(() => { add(observer.takeRecords()); resolve(shifts); }));
  })`);
  const seen = { images, said, shifts, bytes: bytes() };
  await page.close();
  return seen;
}

/** Scrolls to one image after the other, so that lazy ones load, and waits for each, good or bad. */
export async function showAll(page: Page): Promise<void> {
  await page.evaluate(`(async () => {
    for (const image of document.images) {
      image.scrollIntoView({ block: "center" });
      if (!image.complete) await new Promise((resolve) => { image.onload = image.onerror = resolve; });
    }
  })()`);
}

/** Counts what images cost. Requests that the browser's cache answers cost nothing. */
async function countBytes(page: Page): Promise<() => number> {
  const session = await page.context().newCDPSession(page);
  await session.send("Network.enable");
  const images = new Set<string>();
  let sum = 0;
  session.on("Network.requestWillBeSent", ({ requestId, type, redirectResponse }) => {
    if (type === "Image") images.add(requestId);
    if (images.has(requestId)) sum += redirectResponse?.encodedDataLength ?? 0;
  });
  session.on("Network.loadingFinished", ({ requestId, encodedDataLength }) => {
    if (images.has(requestId)) sum += encodedDataLength;
  });
  return () => sum;
}
