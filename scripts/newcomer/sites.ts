// `npm run prove -- try [PACKAGE …]`: plays a site owner who runs `prewarm try`. Sites are npm packages that hold built pages, and starters of
// five frameworks; each is shown in Chromium, cold and warm. Exits 1 when fewer than 95 % of all images are recognised, when the pages together keep more than half of their
// bytes, when an image's box moves, when a first page takes longer than a minute, or when the program's memory grows from page to page.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { launchBrowser } from "../../apps/dashboard/test/browser.ts";
import { startTry } from "../../test/e2e/try-process.ts";
import { builtPackage, type Site, STARTERS } from "./starters.ts";

const SHOWN_MS = 60_000;
const WARM_MS = 300_000;
const RECOGNISED_MIN = 0.95;
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
  recognised: number;
  images: number;
  before: number;
  after: number;
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

/** What the bar says, once its state is one of these. */
async function barIn(page: Page, states: readonly string[]): Promise<string> {
  // The first answer may have been asked for before the last image came.
  for (let n = 0; n < 2; n += 1) await page.waitForResponse((answer) => answer.url().includes("/.prewarm/bar.json"));
  const [bar, text] = ['document.querySelector("prewarm-bar")', 'shadowRoot.querySelector("div").innerText'];
  await page.waitForFunction(`${JSON.stringify(states)}.includes(${bar}?.dataset.state)`, null, { timeout: WARM_MS });
  return (await page.evaluate<string>(`${bar}.${text}`)).replaceAll("\n", " ");
}

const UNITS: Record<string, number> = { kB: 1e3, MB: 1e6 };

function readBar(bar: string): Pick<Figures, "recognised" | "images" | "before" | "after"> {
  const [, before, beforeUnit = "", after, afterUnit = ""] = /Page ([\d.]+) (kB|MB) → ([\d.]+) (kB|MB)/.exec(bar) ?? [];
  const [, recognised, images] = /Recognised (\d+) of (\d+)/.exec(bar) ?? [];
  const bytes = (n: string | undefined, unit: string): number => Number(n) * (UNITS[unit] ?? Number.NaN);
  return {
    recognised: Number(recognised),
    images: Number(images),
    before: bytes(before, beforeUnit),
    after: bytes(after, afterUnit),
  };
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
    const figures = readBar(await barIn(page, ["warm", "ready"]));
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
  "| site | s to the page | recognised | kB before | after | boxes moved | MB grown |\n|---|--:|--:|--:|--:|--:|--:|",
);
for (const site of sites) {
  const { name } = site;
  try {
    const one = await tryOne(site, join(folder, name), browser);
    all.push(one);
    const kb = (bytes: number): string => (bytes / 1e3).toFixed(0);
    const row = [
      one.seconds.toFixed(1),
      `${one.recognised} of ${one.images}`,
      kb(one.before),
      kb(one.after),
      one.moved,
    ];
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
const recognised = sum((one) => one.recognised) / sum((one) => one.images);
const kept = sum((one) => one.after) / sum((one) => one.before);
console.log(
  `${all.length} of ${sites.length} sites: ${(recognised * 100).toFixed(1)} % recognised, ${(kept * 100).toFixed(0)} % of the bytes`,
);
if (recognised < RECOGNISED_MIN) faults.push("too few images are recognised");
if (kept > BYTES_MAX) faults.push("the pages keep too many bytes");
for (const fault of faults) console.log(`FAULT ${fault}`);
process.exitCode = faults.length > 0 ? 1 : 0;
