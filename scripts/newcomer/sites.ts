// `npm run prove -- try [PACKAGE …]`: plays a site owner who runs `prewarm try`. Sites are npm packages that hold built pages, and starters of
// five frameworks; each is shown in Chromium, cold and warm. Exits 1 when fewer than 95 % of all images have variants, when the pages together
// would keep more than half of their bytes with their images' markup changed, when an image's box moves, when a first page takes longer than a minute, or when the program's memory grows from page to page.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { measuredAgain } from "../../apps/cli/test/testing/measured-again.ts";
import { launchBrowser } from "../../apps/dashboard/test/browser.ts";
import { startTry } from "../../test/e2e/try-process.ts";
import { builtPackage, type Site, STARTERS } from "./starters.ts";

const SHOWN_MS = 60_000;
const WARM_MS = 300_000;
const MADE_MIN = 0.95;
const BYTES_MAX = 0.5;
/** MB that the program may grow while one page is loaded ten times. */
const GROWTH_MB = 60;

/** Templates and design kits of several makers: none was made for Prewarm. */
const PACKAGES = [
  ...["agency", "business-casual", "clean-blog", "creative", "freelancer", "grayscale", "landing-page"].map(bootstrap),
  ...["new-age", "one-page-wonder", "resume", "stylish-portfolio"].map(bootstrap),
  ...["argon-design-system-free", "blk-design-system", "material-dashboard", "material-kit", "now-ui-kit"],
  ...["paper-kit-2", "soft-ui-design-system", "notus-js", "simplelightbox"],
];

function bootstrap(name: string): string {
  return `startbootstrap-${name}`;
}

interface Figures {
  seconds: number;
  /** Images with variants, and those that the rewriter or an old address shows as the page stands. */
  made: number;
  shipped: number;
  images: number;
  /** Bytes of the page: with the site's own images, as it stands, and with its images' markup changed. */
  page: [before: number, shipped: number, changed: number];
  moved: number;
  grownMb: number;
}

type Page = Awaited<ReturnType<Awaited<ReturnType<typeof launchBrowser>>["newPage"]>>;

/** Loads every image, lazy ones too, and resolves with the boxes of those that have one. */
function boxesOf(page: Page): Promise<number[][]> {
  return page.evaluate(`Promise.allSettled([...document.images].map((image) => {
    image.loading = "eager";
    return image.decode();
  })).then(() => [...document.images].map((image) => [image.offsetLeft, image.offsetTop, image.offsetWidth, image.offsetHeight])
    .filter((box) => box[2] > 0))`);
}

/** Within one pixel: a smaller picture has whole pixels too, so its ratio differs a little. */
function areNear(one: readonly number[], other: readonly number[] = []): boolean {
  return one.every((px, at) => Math.abs(px - (other[at] ?? Number.POSITIVE_INFINITY)) <= 1);
}

/** What the bar knows, once its state is one of these. */
async function barIn(
  page: Page,
  states: readonly string[],
): Promise<Pick<Figures, "made" | "shipped" | "images" | "page">> {
  // The first answer may have been asked for before the last image came.
  await measuredAgain(page);
  const bar = 'document.querySelector("prewarm-bar")';
  await page.waitForFunction(`${JSON.stringify(states)}.includes(${bar}?.dataset.state)`, null, { timeout: WARM_MS });
  const { rewritten, old, asItIs, ...figures } = JSON.parse(await page.evaluate<string>(`${bar}.dataset.figures`));
  return { made: figures.made, shipped: rewritten + old, images: rewritten + old + asItIs, page: figures.page };
}

function residentMb(pid: number): number {
  const kb = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
  return Number(kb) / 1e3;
}

async function tryOne(
  site: Site,
  folder: string,
  browser: Awaited<ReturnType<typeof launchBrowser>>,
): Promise<Figures> {
  const pages = site.build(folder);
  const began = performance.now();
  const trial = await startTry(["try", pages], folder);
  const page = await (await browser.newContext({ viewport: { width: 1280, height: 800 } })).newPage();
  try {
    await page.goto(trial.url + site.page, { waitUntil: "load", timeout: SHOWN_MS });
    const seconds = (performance.now() - began) / 1e3;
    const cold = await boxesOf(page);
    await barIn(page, ["ready", "warm"]);
    await page.reload();
    const warm = await boxesOf(page);
    const figures = await barIn(page, ["warm", "ready"]);
    const before = residentMb(trial.pid);
    for (let n = 0; n < 10; n += 1) await page.reload();
    // A script may put an image elsewhere at each load.
    const again = await boxesOf(page);
    const moved = warm.filter((box, at) => areNear(box, again[at]) && !areNear(box, cold[at])).length;
    return { seconds, ...figures, moved, grownMb: residentMb(trial.pid) - before };
  } finally {
    await page.context().close();
    await trial.stop();
  }
}

const folder = mkdtempSync(join(tmpdir(), "prewarm-sites-"));
const asked = process.argv.slice(2);
const known = [...PACKAGES.map(builtPackage), ...STARTERS];
const sites =
  asked.length === 0 ? known : asked.map((name) => known.find((one) => one.name === name) ?? builtPackage(name));
const browser = await launchBrowser();
const all: Figures[] = [];
const faults: string[] = [];
console.log(
  "| site | s to the page | images with variants | shown as it stands | kB before | as it stands | markup changed | boxes moved | MB grown |\n" +
    "|---|--:|--:|--:|--:|--:|--:|--:|--:|",
);
for (const site of sites) {
  const { name } = site;
  try {
    const one = await tryOne(site, join(folder, name), browser);
    all.push(one);
    const kb = (bytes: number): string => (bytes / 1e3).toFixed(0);
    const row = [one.seconds.toFixed(1), `${one.made} of ${one.images}`, one.shipped, ...one.page.map(kb), one.moved];
    console.log(`| ${[name, ...row, one.grownMb.toFixed(0)].join(" | ")} |`);
    if (one.seconds * 1e3 > SHOWN_MS) faults.push(`${name}: its first page took ${one.seconds.toFixed(0)} s`);
    if (one.moved > 0) faults.push(`${name}: ${one.moved} boxes moved`);
    if (one.grownMb > GROWTH_MB) faults.push(`${name}: the program grew by ${one.grownMb.toFixed(0)} MB`);
  } catch (error) {
    faults.push(`${name}: ${String(error).split("\n")[0]}`);
  }
}
await browser.close();
rmSync(folder, { recursive: true, force: true });

const sum = (of: (one: Figures) => number): number => all.reduce((total, one) => total + of(one), 0);
const made = sum((one) => one.made) / sum((one) => one.images);
const before = sum((one) => one.page[0]);
const shipped = sum((one) => one.page[1]) / before;
const changed = sum((one) => one.page[2]) / before;
console.log(
  `${all.length} of ${sites.length} sites: variants of ${(made * 100).toFixed(1)} % of the images; ` +
    `${(shipped * 100).toFixed(0)} % of the bytes as the pages stand, ${(changed * 100).toFixed(0)} % with their images' markup changed`,
);
if (made < MADE_MIN) faults.push("too few images have variants");
if (changed > BYTES_MAX) faults.push("the pages would keep too many bytes");
for (const fault of faults) console.log(`FAULT ${fault}`);
process.exitCode = faults.length > 0 ? 1 : 0;
