import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createPrewarm } from "../../packages/client/src/create-prewarm.ts";
import { FIREFOX, Firefox } from "./firefox.ts";
import { photos } from "./photo-originals.ts";
import { startTestStack, type TestStack } from "./stack.ts";
import { untilWarm } from "./until-warm.ts";
import { serveOriginals } from "./unusual-originals.ts";
import type { SeenImage } from "./visit.ts";

/* The page of thirty photographs of photo-page.e2e in Firefox, where $FIREFOX names one. Its originals send no CORS. */

const COUNT = 30;
/** CSS px that a photograph has in the page. */
const SLOT = 390;
const ACCEPT = "image/avif,image/webp,image/png,image/svg+xml,image/*;q=0.8,*/*;q=0.5";
const STYLE =
  "<style>main { display: grid; grid-template-columns: repeat(3, 390px); gap: 4px } img { height: auto }</style>";

const SHOW_ALL = `(async () => {
  const boxes = () => [...document.images].map((image) => [image.offsetLeft, image.offsetTop, image.offsetWidth, image.offsetHeight].join());
  const before = boxes();
  for (const image of document.images) {
    image.scrollIntoView({ block: "center" });
    if (!image.complete) await new Promise((resolve) => { image.onload = image.onerror = resolve; });
  }
  const after = boxes();
  return { moved: after.filter((box, n) => box !== before[n]), images: [...document.images].map((image, n) =>
    ({ url: image.currentSrc, width: image.naturalWidth, box: after[n] })) };
})()`;

describe.skipIf(FIREFOX === undefined)(
  "a page of thirty photographs in Firefox (skipped where FIREFOX names none)",
  () => {
    let firefox: Firefox;
    let stack: TestStack;
    let originals: Awaited<ReturnType<typeof serveOriginals>>;
    let site: Server;

    beforeAll(async () => {
      const made = await photos(COUNT);
      originals = await serveOriginals(
        new Map(made.map((bytes, n) => [`photo-${n}.jpg`, { type: "image/jpeg", bytes }] as const)),
      );
      [firefox, stack] = await Promise.all([
        Firefox.launch(FIREFOX ?? ""),
        startTestStack({ originalsUrl: originals.url }),
      ]);
      const prewarm = createPrewarm({ baseUrl: stack.edgeUrl });
      site = createServer(({ url = "/" }, response) => {
        // Each density asks for pictures of its own, so that both are cold.
        const v = url.slice(1);
        const tags = Array.from({ length: COUNT }, (_, n) =>
          prewarm.img({ id: `photo-${n}.jpg`, width: 2400, height: 1600, v }, { width: SLOT, alt: `Photo ${n}` }),
        );
        const images = v.startsWith("cors") ? tags.map((tag) => tag.replace("<img", "<img crossorigin")) : tags;
        const html = `<!doctype html><link rel=icon href=data:,>${STYLE}<main>${images.join("\n")}</main>`;
        response.setHeader("content-type", "text/html").end(html);
      }).listen(0);
    });
    afterAll(async () => {
      site?.close();
      await firefox?.close();
      await stack?.close();
      await originals?.close();
    });

    async function visit(path: string, density: number) {
      const url = `http://localhost:${(site.address() as AddressInfo).port}/${path}`;
      firefox.said.length = 0;
      const tab = await firefox.open(url, { width: 1250, height: 900 }, density);
      const seen = await firefox.evaluate<{ moved: string[]; images: SeenImage[] }>(tab, SHOW_ALL);
      return { ...seen, said: [...firefox.said] };
    }

    it.each([1, 2])(
      "at density %i is shown cold and warm alike: nothing moves, nothing is said, the same boxes",
      async (density) => {
        const cold = await visit(`d${density}`, density);
        expect(cold.images.map(({ width }) => width > 2 * SLOT)).toEqual(Array(COUNT).fill(true));
        expect([cold.moved, cold.said]).toEqual([[], []]);
        await untilWarm(
          cold.images.map(({ url }) => url),
          ACCEPT,
        );
        const warm = await visit(`d${density}`, density);
        expect(warm.images.every(({ width }) => Math.abs(width - SLOT) <= 1)).toBe(true);
        expect([warm.moved, warm.said]).toEqual([[], []]);
        expect(warm.images.map(({ url, box }) => [url, box])).toEqual(cold.images.map(({ url, box }) => [url, box]));
      },
    );

    it.each([1, 2])("at density %i is shown cold with `crossorigin` as well, and says nothing", async (density) => {
      const { images, moved, said } = await visit(`cors${density}`, density);
      expect(images.map(({ width }) => width > 2 * SLOT)).toEqual(Array(COUNT).fill(true));
      expect([moved, said]).toEqual([[], []]);
    });
  },
);
