import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { launchBrowser } from "../../apps/dashboard/test/browser.ts";
import { createPrewarm } from "../../packages/client/src/create-prewarm.ts";
import { largePhoto, photos } from "./photo-originals.ts";
import { ask, startTestStack, type TestStack, until } from "./stack.ts";
import { untilWarm } from "./until-warm.ts";
import { serveOriginals } from "./unusual-originals.ts";
import { type Context, type SeenImage, type Visit, visit } from "./visit.ts";

/*
 * Pages of many photographs in Chromium on the local stack. Their server sends no CORS, as most do not; every size is the client's own doing.
 */

const COUNT = 30;
const LARGE = 12;
/** CSS px that a photograph has in the page. */
const SLOT = 390;
/** A grid, as galleries are: in a line of text the spaces between images move while the page is still being read. */
const STYLE =
  "<style>main { display: grid; grid-template-columns: repeat(3, 390px); gap: 4px } img { height: auto }</style>";

/** Each density has photographs of its own: what was made for the other one would stand in. */
const SETS = ["d1", "d2", "cors1", "cors2"] as const;
type PhotoSet = (typeof SETS)[number];

let browser: Awaited<ReturnType<typeof launchBrowser>>;
let stack: TestStack;
let originals: Awaited<ReturnType<typeof serveOriginals>>;
let site: Server;

beforeAll(async () => {
  const [small, large] = await Promise.all([photos(COUNT), largePhoto()]);
  const all = new Map<string, { type: string; bytes: Buffer }>();
  for (const set of SETS) {
    for (const [n, bytes] of small.entries()) all.set(`${set}-${n}.jpg`, { type: "image/jpeg", bytes });
  }
  for (let n = 0; n < LARGE; n += 1) all.set(`large-${n}.jpg`, { type: "image/jpeg", bytes: large });
  originals = await serveOriginals(all);
  [browser, stack] = await Promise.all([launchBrowser(), startTestStack({ originalsUrl: originals.url })]);
  const prewarm = createPrewarm({ baseUrl: stack.edgeUrl });
  // Its pages ask for what nothing has made.
  const other = createPrewarm({ baseUrl: stack.edgeUrl, pages: { qualities: ["medium"] } });
  const page = (images: string[]) =>
    `<!doctype html><link rel=icon href=data:,>${STYLE}<main>${images.join("\n")}</main>`;
  const photosOf = (set: PhotoSet, client = prewarm) =>
    Array.from({ length: COUNT }, (_, n) =>
      client.img({ id: `${set}-${n}.jpg`, width: 2400, height: 1600 }, { width: SLOT, alt: `Photo ${n}` }),
    );
  const pagesOf = (density: 1 | 2) => ({
    [`/photos-${density}`]: page(photosOf(`d${density}`)),
    [`/unlisted-${density}`]: page(photosOf(`d${density}`, other)),
    [`/crossorigin-${density}`]: page(photosOf(`cors${density}`).map((tag) => tag.replace("<img", "<img crossorigin"))),
  });
  const pages: Record<string, string> = {
    ...pagesOf(1),
    ...pagesOf(2),
    "/large": page(
      Array.from({ length: LARGE }, (_, n) =>
        prewarm.img({ id: `large-${n}.jpg`, width: 6000, height: 4000 }, { width: 300, alt: `Large ${n}` }),
      ),
    ),
  };
  site = createServer((request, response) => {
    response.setHeader("content-type", "text/html").end(pages[request.url ?? ""] ?? "");
  }).listen(0);
});
afterAll(async () => {
  site?.close();
  await browser?.close();
  await stack?.close();
  await originals?.close();
});

const address = (path: string) => `http://localhost:${(site.address() as AddressInfo).port}${path}`;

/** Somebody who was never here. */
function visitor(deviceScaleFactor = 1): Promise<Context> {
  return browser.newContext({ viewport: { width: 1250, height: 900 }, deviceScaleFactor });
}

/** More pixels than the candidate has announced. */
function isOriginal({ width }: SeenImage): boolean {
  return width > 2 * SLOT;
}

/** What is known of an image, once its placeholder is. */
function known(id: string) {
  return until(
    `${id} is known`,
    () => ask(`${stack.edgeUrl}/info/${id}`),
    ({ status, body }) => status === 200 && JSON.parse(String(body)).widths.includes(320),
  );
}

/** Encoders of this machine are done: the edge has its time for itself, as it has elsewhere. */
async function nothingIsMade(): Promise<void> {
  const headers = { authorization: `Bearer ${stack.adminToken}` };
  await until(
    "nothing is open",
    async () => (await (await fetch(`${stack.controlUrl}/api/v1/stats`, { headers })).json()) as { open: number },
    ({ open }) => open === 0,
  );
}

/** What a new visitor sees. */
async function visitAnew(url: string, density: number): Promise<Visit> {
  const context = await visitor(density);
  const seen = await visit(context, url);
  await context.close();
  return seen;
}

/** Nothing is made meanwhile: encoders would leave the edge no processor. */
async function undisturbed<T>(look: () => Promise<T>): Promise<T> {
  const { control } = stack.emulator!;
  const later = control.addFault({ fault: { type: "delay", ms: 10_000 } });
  try {
    return await look();
  } finally {
    control.removeFault(later);
  }
}

describe(`a page of ${LARGE} photographs of 24 megapixels`, () => {
  it.each([1, 2])(
    "costs at most 1 MB at density %i, once something is known of them, and shows them all",
    async (density) => {
      const items = Array.from({ length: LARGE }, (_, n) => ({
        id: `large-${n}.jpg`,
        transforms: ["w=16&q=very_low&f=webp", "w=320&f=webp"],
      }));
      await fetch(`${stack.controlUrl}/api/v1/warm`, {
        method: "POST",
        headers: { authorization: `Bearer ${stack.adminToken}`, "content-type": "application/json" },
        body: JSON.stringify({ items }),
      });
      // What is known of an image is noted after its variant is stored.
      const infos = await Promise.all(items.map(({ id }) => known(id)));
      await nothingIsMade();
      const info = infos[0] ?? { body: "" };
      expect(JSON.parse(String(info.body))).toMatchObject({ width: 6000, height: 4000, type: "image/jpeg" });
      expect(JSON.parse(String(info.body)).bytes).toBeGreaterThan(2_000_000);

      const context = await visitor(density);
      // The page asks for AVIF, of which nothing is made.
      const { images, said, shifts, bytes } = await undisturbed(() => visit(context, address("/large")));
      await context.close();
      console.log(
        `density ${density}: ${bytes} B of ${LARGE} originals of ${JSON.parse(String(info.body)).bytes} B each`,
      );
      expect(images).toHaveLength(LARGE);
      expect(images.filter(({ url, width }) => !url.includes("f=auto") || width === 0 || width > 320)).toEqual([]);
      expect([said, shifts]).toEqual([[], []]);
      expect(bytes).toBeLessThanOrEqual(1_000_000);
    },
  );
});

describe(`a page of ${COUNT} photographs`, () => {
  it.each([
    [1, 0.95],
    [2, 0.9],
  ])(
    "at density %i: cold and warm alike but for %d of the bytes, which a second visit does not cost again",
    async (density, saved) => {
      const cold = await visitAnew(address(`/photos-${density}`), density);
      expect([cold.images.length, cold.images.every(isOriginal)]).toEqual([COUNT, true]);
      expect([cold.said, cold.shifts]).toEqual([[], []]);

      await untilWarm(cold.images.map(({ url }) => url));
      const second = await visitor(density);
      const warm = await visit(second, address(`/photos-${density}`));
      expect(warm.images.filter(({ width }) => Math.abs(width - SLOT) > 1)).toEqual([]);
      expect([warm.said, warm.shifts]).toEqual([[], []]);
      expect(warm.images.map(({ box }) => box)).toEqual(cold.images.map(({ box }) => box));
      console.log(`density ${density}: ${cold.bytes} B cold, ${warm.bytes} B warm`);
      expect(1 - warm.bytes / cold.bytes).toBeGreaterThanOrEqual(saved);

      const again = await visit(second, address(`/photos-${density}`));
      await second.close();
      expect(again.images).toEqual(warm.images);
      // The local edge has browsers ask again, and a 304 has no body.
      expect(again.bytes).toBeLessThan(COUNT * 1_000);

      // One word that nothing was made with: what is stored stands in.
      await nothingIsMade();
      const unlisted = await undisturbed(() => visitAnew(address(`/unlisted-${density}`), density));
      expect(unlisted.images.every(({ url, width }) => url.includes("q=medium") && width <= SLOT + 1)).toBe(true);
      expect([unlisted.said, unlisted.shifts]).toEqual([[], []]);
      console.log(`density ${density}: ${unlisted.bytes} B with an unlisted quality`);
      expect(unlisted.bytes / warm.bytes).toBeLessThanOrEqual(1.3);
    },
  );

  it.each([1, 2])("at density %i is shown cold with `crossorigin` as well, and says nothing", async (density) => {
    const headers = await fetch(originals.url.replace("{id}", `cors${density}-0.jpg`));
    await headers.body?.cancel();
    expect(headers.headers.get("access-control-allow-origin")).toBeNull();
    const { images, said, shifts } = await visitAnew(address(`/crossorigin-${density}`), density);
    expect([images.length, images.every(isOriginal)]).toEqual([COUNT, true]);
    expect([said, shifts]).toEqual([[], []]);
  });
});
