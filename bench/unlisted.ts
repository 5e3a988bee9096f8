// `npm run bench -- unlisted`: what a page of photos weighs that asks for variants which no upload makes: another quality, another width, a
// crop. The local stack warms thirty photographs by the recipe `upload`; the live lane is paused, so that nothing more is made. A new visitor's
// browser, which names AVIF and WebP, then asks for each page once, redirects included. `--photos N` (default 30).
import { loadavg } from "node:os";
import { parseArgs } from "node:util";
import { photos } from "../test/e2e/photo-originals.ts";
import { control } from "../test/e2e/pipeline.ts";
import { startTestStack, type TestStack, until } from "../test/e2e/stack.ts";
import { serveOriginals } from "../test/e2e/unusual-originals.ts";
import { report } from "./figures.ts";

const { values } = parseArgs({
  options: { photos: { type: "string", default: "30" } },
  args: process.argv.slice(2).filter((argument) => argument !== "--"),
});
const count = Number(values.photos);
const idOf = (n: number): string => `photo-${n}.jpg`;
const WARM_MS = 20 * 60_000;
const BROWSER = { accept: "image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8" };
/** Of a page's candidates, in px: what phones and desktops choose. */
const WIDTHS = [480, 828, 1440] as const;
/** The rung below each, which is none of the pages' widths. */
const UNLISTED = { 480: 400, 828: 800, 1440: 1280 };
type Width = (typeof WIDTHS)[number];
const PAGES: { name: string; query: (width: Width) => string }[] = [
  { name: "q=medium", query: (width) => `w=${width}&q=medium&f=auto` },
  { name: "q=very_high", query: (width) => `w=${width}&q=very_high&f=auto` },
  { name: "a width of its own", query: (width) => `w=${UNLISTED[width]}&f=auto` },
  { name: "a crop of 4:3", query: (width) => `w=${width}&h=${(width * 3) / 4}&f=auto` },
];

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

/** Bytes that one view of all photos costs, and how many of them are answered by the original. */
async function weigh(stack: TestStack, query: string): Promise<{ bytes: number; originals: number }> {
  let bytes = 0;
  let originals = 0;
  for (let n = 0; n < count; n += 1) {
    const answer = await fetch(`${stack.edgeUrl}/images/${idOf(n)}?${query}`, { headers: BROWSER });
    if (!answer.ok) throw new Error(`${query}: ${answer.status}`);
    bytes += (await answer.arrayBuffer()).byteLength;
    originals += answer.redirected ? 1 : 0;
  }
  return { bytes, originals };
}

const all = await photos(count);
const originals = await serveOriginals(new Map(all.map((bytes, n) => [idOf(n), { type: "image/jpeg", bytes }])));
const stack = await startTestStack({ originalsUrl: originals.url });
try {
  await warm(stack);
  const ratios: Record<string, number[]> = {};
  console.log(`| ${count} photos | w | kB | to the warm page | originals |\n|---|--:|--:|--:|--:|`);
  for (const width of WIDTHS) {
    const base = await weigh(stack, `w=${width}&f=auto`);
    if (base.originals > 0) throw new Error("the photos are not warm");
    console.log(`| warm | ${width} | ${Math.round(base.bytes / 1000)} | 1.00 | 0 |`);
    for (const { name, query } of PAGES) {
      const seen = await weigh(stack, query(width));
      const ratio = seen.bytes / base.bytes;
      ratios[name] = [...(ratios[name] ?? []), ratio];
      console.log(
        `| ${name} | ${width} | ${Math.round(seen.bytes / 1000)} | ${ratio.toFixed(2)} | ${seen.originals} |`,
      );
    }
  }
  const sent = all.reduce((sum, { byteLength }) => sum + byteLength, 0);
  console.log(
    `\nThe originals: ${Math.round(sent / 1000)} kB. Load of the machine: ${loadavg().map(Math.round).join(", ")}.\n`,
  );
  report(
    "unlisted",
    PAGES.map(({ name }) => ({
      ...{ name: `bytes of a warmed page that asks for ${name}`, to: "the warm page at the same widths" },
      ...{ ratios: ratios[name] ?? [], atMost: 1.3 },
    })),
  );
} finally {
  await stack.close();
  await originals.close();
}
