import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { launchBrowser } from "../../apps/dashboard/test/browser.ts";
import { ask, startTestStack, type TestStack, until } from "./stack.ts";
import { serveOriginals, unusualOriginals } from "./unusual-originals.ts";

/*
 * The table of docs/originals.md, each row as a viewer's browser meets it: cold (nothing is known) and warm (the consumer has looked
 * at the original). `shown` is the natural width of the <img> in px; 0 is a broken image.
 */

let stack: TestStack;
let originals: Awaited<ReturnType<typeof serveOriginals>>;
let browser: Awaited<ReturnType<typeof launchBrowser>>;
let page: Awaited<ReturnType<Awaited<ReturnType<typeof launchBrowser>>["newPage"]>>;

beforeAll(async () => {
  originals = await serveOriginals(await unusualOriginals());
  stack = await startTestStack({ originalsUrl: originals.url });
  browser = await launchBrowser();
  page = await browser.newPage();
});
afterAll(async () => {
  await browser?.close();
  await stack?.close();
  await originals?.close();
});

const WIDTH = 400;
const url = (id: string) => `${stack.edgeUrl}/images/${id}?w=${WIDTH}&f=webp`;
const jobsOf = (id: string) =>
  stack.emulator?.control.jobs().filter((job) => new URL(job.input).pathname.endsWith(`/${id}`)).length ?? 0;

/** Puts an image into the page and waits for its end, good or bad; its natural width. */
function load(src: string): Promise<number> {
  return page.evaluate<number>(`new Promise((resolve) => {
    document.body.replaceChildren();
    const image = new Image();
    image.onload = () => {
      // A picture of 100 megapixels need not be painted to be loaded.
      if (image.naturalWidth > 5_000) image.remove();
      resolve(image.naturalWidth);
    };
    image.onerror = () => resolve(0);
    image.style.display = "none";
    document.body.append(image);
    image.src = ${JSON.stringify(src)};
  })`);
}
const show = (id: string) => load(url(id));

interface Row {
  id: string;
  about: string;
  cold: { status: 200 | 302; shown: number };
  warm: { status: 200 | 302; shown: number; detail: RegExp };
  jobs: number;
}

const HIT = /hit/;
const DEAD = /detail=dead/;
const PASSED = /detail=pass-through/;
const ROWS: readonly Row[] = [
  {
    id: "photo.jpg",
    about: "JPEG",
    cold: { status: 302, shown: 1200 },
    warm: { status: 200, shown: 400, detail: HIT },
    jobs: 1,
  },
  {
    id: "photo.png",
    about: "PNG",
    cold: { status: 302, shown: 1200 },
    warm: { status: 200, shown: 400, detail: HIT },
    jobs: 1,
  },
  {
    id: "photo.webp",
    about: "WebP",
    cold: { status: 302, shown: 1200 },
    warm: { status: 200, shown: 400, detail: HIT },
    jobs: 1,
  },
  {
    id: "photo.avif",
    about: "AVIF",
    cold: { status: 302, shown: 1200 },
    warm: { status: 200, shown: 400, detail: HIT },
    jobs: 1,
  },
  {
    id: "small.jpg",
    about: "smaller than asked: never enlarged",
    cold: { status: 302, shown: 120 },
    warm: { status: 200, shown: 120, detail: HIT },
    jobs: 1,
  },
  {
    id: "drawing.svg",
    about: "SVG by name",
    cold: { status: 302, shown: 200 },
    warm: { status: 302, shown: 200, detail: PASSED },
    jobs: 0,
  },
  {
    id: "drawing.png",
    about: "SVG by bytes",
    cold: { status: 302, shown: 200 },
    warm: { status: 302, shown: 200, detail: DEAD },
    jobs: 0,
  },
  {
    id: "waving.gif",
    about: "animation by name",
    cold: { status: 302, shown: 160 },
    warm: { status: 302, shown: 160, detail: PASSED },
    jobs: 0,
  },
  {
    id: "waving.jpg",
    about: "animation by bytes",
    cold: { status: 302, shown: 160 },
    warm: { status: 302, shown: 160, detail: DEAD },
    jobs: 0,
  },
  {
    id: "phone.heic",
    about: "HEIC by name",
    cold: { status: 200, shown: 1 },
    warm: { status: 200, shown: 400, detail: HIT },
    jobs: 1,
  },
  {
    id: "scan.tiff",
    about: "TIFF by name",
    cold: { status: 200, shown: 1 },
    warm: { status: 200, shown: 1, detail: DEAD },
    jobs: 0,
  },
  {
    id: "scan.jpg",
    about: "TIFF by bytes: broken until it is looked at",
    cold: { status: 302, shown: 0 },
    warm: { status: 200, shown: 1, detail: DEAD },
    jobs: 0,
  },
  {
    id: "summer/été a.jxl",
    about: "JPEG XL by name",
    cold: { status: 200, shown: 1 },
    warm: { status: 200, shown: 1, detail: DEAD },
    jobs: 0,
  },
  {
    id: "poster.png",
    about: "over originalMaxPixels",
    cold: { status: 302, shown: 10_100 },
    warm: { status: 302, shown: 10_100, detail: DEAD },
    jobs: 0,
  },
  {
    id: "page.jpg",
    about: "HTML by bytes: broken until it is looked at",
    cold: { status: 302, shown: 0 },
    warm: { status: 200, shown: 1, detail: DEAD },
    jobs: 0,
  },
  {
    id: "absent.jpg",
    about: "missing",
    cold: { status: 302, shown: 0 },
    warm: { status: 302, shown: 0, detail: /detail=missing/ },
    jobs: 0,
  },
];

describe("originals that are not plain photographs, in a browser", () => {
  // All first viewers come before any second one: what is asked for stays silent for ten seconds, and those pass side by side.
  it.each(ROWS)("cold: $id ($about)", async ({ id, cold }) => {
    const first = await ask(url(id));
    expect(first.status).toBe(cold.status);
    const target = first.headers.get("location") ?? `data:image/gif;base64,${first.body.toString("base64")}`;
    expect(await load(target)).toBe(cold.shown);
  });

  it.each(ROWS)("warm: $id ($about)", async ({ id, warm, jobs }) => {
    const settled = await until(
      `${id} is looked at`,
      () => ask(url(id)),
      ({ cache }) => warm.detail.test(cache ?? ""),
    );
    expect(settled.status).toBe(warm.status);
    expect(await show(id)).toBe(warm.shown);
    expect(jobsOf(id)).toBe(jobs);
  });

  it.each(["waving.gif", "waving.jpg"])("%s keeps moving", async (id) => {
    expect(await show(id)).toBe(160);
    await page.evaluate('document.querySelector("img").style.display = "block"');
    const image = page.locator("img");
    const colours = new Set<string>();
    await until(
      "two frames were seen",
      async () => colours.add((await image.screenshot()).toString("base64")).size,
      (frames) => frames >= 2,
    );
  });

  it("runs no script of an SVG", async () => {
    await show("drawing.svg");
    expect(await page.evaluate("typeof window.evil")).toBe("undefined");
  });
});
