// `npm run bench -- photos`: what a page of thirty photographs weighs in Chromium for a new visitor. The local stack warms the photos by the
// recipe `upload`; then the live lane is paused, so that nothing more is made. Beside the client's page, in the same run and with the same
// candidates: AVIF files of the same quality made by hand, ipx from npm, the originals, and the client's page with a word that no upload
// makes. Needs the npm registry, for ipx. `--photos N` (default 30).
import { createServer } from "node:http";
import { loadavg } from "node:os";
import { parseArgs } from "node:util";
import sharp from "sharp";
import { launchBrowser } from "../apps/dashboard/test/browser.ts";
import { listen } from "../dev/listen.ts";
import { photos } from "../test/e2e/photo-originals.ts";
import { control } from "../test/e2e/pipeline.ts";
import { startTestStack, type TestStack, until } from "../test/e2e/stack.ts";
import { serveOriginals } from "../test/e2e/unusual-originals.ts";
import { visit } from "../test/e2e/visit.ts";
import { report } from "./figures.ts";
import { startIpx } from "./ipx/start-ipx.ts";
import { bare, handMade, ours, UNLISTED, WIDTHS } from "./photos/pages.ts";

const { values } = parseArgs({
  options: { photos: { type: "string", default: "30" } },
  args: process.argv.slice(2).filter((argument) => argument !== "--"),
});
const count = Number(values.photos);
const idOf = (n: number): string => `photo-${n}.jpg`;
const WARM_MS = 20 * 60_000;
/** Width of the window in CSS px, and pixels to one of them. */
const VIEWS = [
  [390, 1],
  [390, 2],
  [1440, 1],
  [1440, 2],
] as const;
/** What the emulator means by `high`, and more effort than it takes. */
const BY_HAND = { quality: 58, effort: 4 };

async function warm(stack: TestStack): Promise<void> {
  const items = Array.from({ length: count }, (_, n) => ({ id: idOf(n) }));
  const { run } = await control(stack, "warm", { items });
  if (run === undefined) throw new Error("the photos are not accepted");
  await until(
    "the photos are warm",
    () => control(stack, `runs/${run}`),
    ({ state }) => state === "done",
    WARM_MS,
  );
  const paused = await fetch(`${stack.controlUrl}/api/v1/gate`, {
    method: "PATCH",
    headers: { authorization: `Bearer ${stack.adminToken}`, "content-type": "application/json" },
    body: JSON.stringify({ paused: { live: true } }),
  });
  if (!paused.ok) throw new Error(`the live lane is not paused: ${paused.status}`);
}

/** The files of the page made by hand, by their paths. */
async function madeByHand(originals: readonly Buffer[]): Promise<Map<string, Buffer>> {
  const files = new Map<string, Buffer>();
  for (const [n, bytes] of originals.entries())
    for (const width of WIDTHS)
      files.set(`/${n}-${width}.avif`, await sharp(bytes).resize(width).avif(BY_HAND).toBuffer());
  return files;
}

const all = await photos(count);
const originals = await serveOriginals(new Map(all.map((bytes, n) => [idOf(n), { type: "image/jpeg", bytes }])));
const originalOf = (n: number): string => originals.url.replace("{id}", idOf(n));
const files = await madeByHand(all);
const ipx = await startIpx(originalOf(0));
const [stack, browser] = await Promise.all([startTestStack({ originalsUrl: originals.url }), launchBrowser()]);
const warmPage = ours(count, stack.edgeUrl, idOf);
const pages: Record<string, string> = {
  warm: warmPage,
  "by hand": handMade(count, (n, width) => `/${n}-${width}.avif`),
  ipx: handMade(count, (n, width) => ipx.url(`w_${width},f_avif`, originalOf(n))),
  originals: bare(count, originalOf),
  ...Object.fromEntries(Object.entries(UNLISTED).map(([word, change]) => [word, change(warmPage)])),
};
const names = Object.keys(pages);
const site = createServer(({ url = "/" }, response) => {
  const file = files.get(url);
  response.setHeader("content-type", file === undefined ? "text/html" : "image/avif");
  response.end(file ?? pages[names[Number(url.slice("/page-".length))] ?? ""]);
});
const port = await listen(site, 0);

/** Bytes of a page's images for somebody who was never here. Throws where an image is broken, the page moves, or its console says something. */
async function weigh(name: string, width: number, deviceScaleFactor: number): Promise<number> {
  const context = await browser.newContext({ viewport: { width, height: 900 }, deviceScaleFactor });
  const { images, said, shifts, bytes } = await visit(context, `http://localhost:${port}/page-${names.indexOf(name)}`);
  await context.close();
  const broken = images.filter((image) => image.width === 0).length;
  if (images.length !== count || broken + said.length + shifts.length > 0)
    throw new Error(`${name}: ${images.length} images, ${broken} broken, ${said} ${shifts}`);
  return bytes;
}

try {
  await warm(stack);
  const ratios: Record<string, number[]> = {};
  console.log(`| ${count} photos, kB | ${names.join(" | ")} |\n|---|${"--:|".repeat(names.length)}`);
  for (const [width, density] of VIEWS) {
    const bytes: Record<string, number> = {};
    for (const name of names) bytes[name] = await weigh(name, width, density);
    const kB = names.map((name) => Math.round((bytes[name] ?? Number.NaN) / 1000));
    console.log(`| ${width} px, density ${density} | ${kB.join(" | ")} |`);
    const { warm: ownBytes = Number.NaN } = bytes;
    for (const name of names) {
      const other = bytes[name] ?? Number.NaN;
      ratios[name] = [...(ratios[name] ?? []), name in UNLISTED ? other / ownBytes : ownBytes / other];
    }
  }
  console.log(`\nLoad of the machine: ${loadavg().map(Math.round).join(", ")}.\n`);
  report("photos", [
    ...["by hand", "ipx", "originals"].map((name) => ({
      name: "bytes of the warm page",
      to: name,
      ratios: ratios[name] ?? [],
      ...(name === "by hand" ? { atMost: 1.15 } : {}),
    })),
    ...Object.keys(UNLISTED).map((word) => ({
      name: `bytes of a warmed page that asks for ${word}`,
      to: "the warm page",
      ratios: ratios[word] ?? [],
      atMost: 1.3,
    })),
  ]);
} finally {
  site.close();
  site.closeAllConnections();
  ipx.close();
  await browser.close();
  await stack.close();
  await originals.close();
}
