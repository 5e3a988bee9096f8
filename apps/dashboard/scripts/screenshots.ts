import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import sharp from "sharp";
import { launchBrowser } from "../test/browser.ts";
import { type LocalStack, startTestStack, until } from "../test/local-stack.ts";
import { settled, visit } from "../test/visit.ts";

/*
 * The dashboard's pictures in README.md and docs/dashboard.md, from a local stack that is given something to do first. Run from the root of the
 * repository: `node scripts/boot.mjs node apps/dashboard/scripts/screenshots.ts`. SEED_MINUTES (default 1) says for how long viewers and warming
 * keep it busy, so that the charts have something to show.
 */

const FOLDER = new URL("../../../docs/images/", import.meta.url).pathname;
const SAMPLES = ["landscape.jpg", "phone.jpg", "portrait.jpg", "cut-out.png"];
const WIDTHS = [320, 400, 640, 800, 960, 1200];
const SIZES = { desktop: { width: 1280, height: 800 }, phone: { width: 390, height: 844 } };

/** A page as a picture shows it. */
interface Picture {
  /** Of the file: `dashboard-<name>.webp`. */
  name: string;
  path: string;
  /** Default `light`. */
  theme?: "light" | "dark";
  /** Default `desktop`. */
  size?: keyof typeof SIZES;
  prepare?(page: Page): Promise<void>;
}

const PICTURES: readonly Picture[] = [
  { name: "overview", path: "/" },
  { name: "overview-phone", path: "/", size: "phone" },
  { name: "jobs", path: "/jobs?state=stored&state=dead" },
  { name: "jobs-phone-dark", path: "/jobs?state=stored&state=dead", theme: "dark", size: "phone" },
  { name: "job", path: "/jobs?state=stored&search=id:landscape%20format:avif", prepare: openFirst },
  { name: "image", path: "/images/landscape.jpg" },
  { name: "new-run", path: "/runs/new", prepare: fillNewRun },
  { name: "dead-letters", path: "/jobs/causes?window=all&state=dead" },
  { name: "steering-dark", path: "/steering", theme: "dark" },
];

async function openFirst(page: Page): Promise<void> {
  await page.locator("[data-row] a").first().click();
  await page.locator(".crumbs").waitFor();
  await settled(page);
}

async function fillNewRun(page: Page): Promise<void> {
  await page.getByLabel(/Image ids/).fill(SAMPLES.join("\n"));
  await page.getByLabel("or transforms").fill("w=1440&f=avif w=1440&f=webp");
  await page.getByText("Ittybit jobs").waitFor();
}

async function warm(stack: LocalStack, body: object): Promise<void> {
  const response = await fetch(`${stack.controlUrl}/api/v1/warm`, {
    method: "POST",
    headers: { authorization: `Bearer ${stack.adminToken}`, "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  if (response.status !== 202) throw new Error(`warm answered ${response.status}: ${await response.text()}`);
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** A working day in short: runs, viewers, a few failures for good, and a paused lane with work in it. */
async function seed(stack: LocalStack, minutes: number): Promise<void> {
  const control = stack.emulator?.control;
  control?.addFault({
    match: { options: { width: 640 } },
    fault: { type: "failed", error: { kind: "encode_failed", message: "The encoder gave up: out of memory" } },
  });
  const items = (widths: readonly number[], format: string) =>
    SAMPLES.map((id) => ({ id, transforms: widths.map((width) => `w=${width}&f=${format}`) }));
  await warm(stack, { items: items(WIDTHS, "webp"), label: "Autumn catalogue" });
  await warm(stack, { items: items([400, 800, 1200], "avif"), label: "Relaunch, avif first" });
  const end = Date.now() + minutes * 60_000;
  for (let view = 0; Date.now() < end; view++) {
    const width = [96, 160, 256, 384, 480, 750, 828, 1080, 1280][view % 9];
    const format = ["webp", "avif", "jpeg"][Math.floor(view / 9) % 3];
    await fetch(`${stack.edgeUrl}/images/${SAMPLES[view % SAMPLES.length]}?w=${width}&f=${format}`, {
      redirect: "manual",
    });
    await pause(400 + ((view * 977) % 1700));
  }
  await warm(stack, {
    items: Array.from({ length: 24 }, (_, n) => ({ id: `import/wrong/${n}.jpg`, transforms: ["w=320&f=webp"] })),
    label: "An import under a wrong prefix",
  });
  await until(
    "the dead are dead",
    () => deadOf(stack),
    (dead) => dead > 0,
    240_000,
  );
  await fetch(`${stack.controlUrl}/api/v1/gate`, {
    method: "PATCH",
    headers: { authorization: `Bearer ${stack.adminToken}`, "content-type": "application/json" },
    body: JSON.stringify({ paused: { bulk: true } }),
  });
  await warm(stack, { items: items([1440, 1600, 1920, 2048], "webp"), label: "Large screens" });
}

async function deadOf(stack: LocalStack): Promise<number> {
  const response = await fetch(`${stack.controlUrl}/api/v1/stats`, {
    headers: { authorization: `Bearer ${stack.adminToken}` },
  });
  return ((await response.json()) as { deadLetters: number }).deadLetters;
}

/** Takes every picture; how many bytes they have. */
async function shoot(page: Page, origin: string): Promise<number> {
  let bytes = 0;
  for (const { name, path, theme = "light", size = "desktop", prepare } of PICTURES) {
    await page.setViewportSize(SIZES[size]);
    await page.emulateMedia({ colorScheme: theme });
    await page.goto(origin + path);
    await settled(page);
    await prepare?.(page);
    await page.evaluate(() => scrollTo(0, 0));
    await page.waitForLoadState("networkidle");
    const small = await sharp(await page.screenshot())
      .webp({ quality: 72, effort: 6 })
      .toBuffer();
    await writeFile(join(FOLDER, `dashboard-${name}.webp`), small);
    bytes += small.length;
    console.log(`${name}: ${Math.round(small.length / 1000)} kB`);
  }
  return bytes;
}

async function signedIn(browser: Browser, stack: LocalStack): Promise<Page> {
  const { page } = await visit(browser);
  await page.goto(stack.controlUrl);
  await page.getByLabel("Token").fill(stack.adminToken);
  await page.getByRole("button", { name: "Sign in" }).click();
  await settled(page);
  return page;
}

const [browser, stack] = await Promise.all([launchBrowser(), startTestStack()]);
try {
  await mkdir(FOLDER, { recursive: true });
  await seed(stack, Number(process.env.SEED_MINUTES ?? 1));
  const bytes = await shoot(await signedIn(browser, stack), stack.controlUrl);
  console.log(`${PICTURES.length} pictures, ${(bytes / 1e6).toFixed(1)} MB`);
} finally {
  await browser.close();
  await stack.close();
}
