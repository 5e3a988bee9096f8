import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { defineConfig } from "@prewarm/shared/config";
import type { PageRecord } from "@prewarm/site-pages/read-page";
import { expect, it } from "vitest";
import { createWorld } from "../../test/testing/fake-world.ts";
import type { ControlApi } from "../api/control-api.ts";
import type { RecordStore } from "../pages/page-record.ts";
import { judgeSite } from "./judge-site.ts";

/** `COVERAGE_PAGES=10000` is the full size: 240,000 URLs. */
const PAGES = Number(process.env.COVERAGE_PAGES ?? 3000);
const WIDTHS = [320, 480, 640];
const IMAGES = 4;
const config = defineConfig({
  sources: [{ prefix: "", url: "https://o.example/{id}" }],
  pages: { widths: WIDTHS, formats: ["webp", "jpeg"] },
});

setFlagsFromString("--expose-gc");
const gc: () => void = runInNewContext("gc");

/** Pages as a disk gives them: each is made when it is read, and none is kept. */
function storeOf(pages: number): RecordStore {
  async function* read(): AsyncGenerator<PageRecord> {
    for (let at = 0; at < pages; at += 1) {
      const images = Array.from({ length: IMAGES }, (_, n) => `library/${at}-${n}.jpg`).flatMap((id) =>
        WIDTHS.flatMap((width) => ["webp", "jpeg"].map((format) => [1, `${id}?w=${width}&f=${format}`, true] as const)),
      );
      yield { page: `products/${at}.html`, isSheet: false, fault: null, images, found: [] };
    }
  }
  return { read, path: (ending) => ending, append: () => {}, remove: () => {} };
}

/** Bytes that live at most beside what was there before, and the result. The last picture of each image is not stored. */
async function judged(pages: number) {
  let asked = 0;
  let most = 0;
  gc();
  const before = process.memoryUsage().heapUsed;
  const call = async (_: string, { params: { id } }: { params: { id: string } }) => {
    asked += 1;
    if (asked % 1000 === 0) {
      gc();
      most = Math.max(most, process.memoryUsage().heapUsed - before);
    }
    const keys = WIDTHS.flatMap((width) =>
      ["webp", "jpeg"].map((format) => `${encodeURIComponent(id)}/${width}-high.${format}`),
    );
    const variants = keys.slice(0, -1).map((key) => ({ key, state: "stored", width: 9999, height: 9999, error: null }));
    return { v: null, variants, nextCursor: null };
  };
  const tally = await judgeSite({
    config,
    recipe: "upload",
    keys: [],
    toWarm: null,
    update: () => {},
    store: storeOf(pages),
    api: { call } as unknown as ControlApi,
    context: createWorld().context,
    pages: Array.from({ length: pages }, (_, at) => ({ page: `products/${at}.html`, template: "/products/*" })),
    uses: pages * IMAGES * WIDTHS.length * 2,
  });
  return { tally, asked, most };
}

it(`judges ${PAGES} pages in the memory of 1000, and asks for each image once`, { timeout: 300_000 }, async () => {
  await judged(100);
  const few = await judged(1000);
  const many = await judged(PAGES);
  console.log(`1000 pages: ${few.most} B; ${PAGES}: ${many.most} B`);
  expect(many.asked).toBe(PAGES * IMAGES);
  expect(many.tally.counts).toMatchObject({ warm: PAGES * IMAGES * 5, cold: PAGES * IMAGES });
  // The pages' names and counts are kept, 300 bytes each, and up to 10,000 URLs that are not warm.
  expect(many.most - few.most).toBeLessThan(PAGES * 300 + 6_000_000);
});
