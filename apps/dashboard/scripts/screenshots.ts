import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import sharp from "sharp";
import { launchBrowser } from "../test/browser.ts";
import { type LocalStack, startTestStack, until } from "../test/local-stack.ts";
import { settled, visit } from "../test/visit.ts";

/*
 * The pictures of docs/dashboard.md, from a local stack that is given something to do first. Run from the root of the repository:
 * `pnpm --filter @prewarm/dashboard shots`. SEED_MINUTES (default 1) says for how long viewers and warming keep it busy, so that
 * the charts have something to show.
 */

const FOLDER = new URL("../../../docs/images/", import.meta.url).pathname;
const DOCUMENT = new URL("../../../docs/dashboard.md", import.meta.url).pathname;
const MARKS = ["<!-- pictures -->", "<!-- /pictures -->"] as const;
const SAMPLES = ["landscape.jpg", "phone.jpg", "portrait.jpg", "cut-out.png"];
const WIDTHS = [320, 400, 640, 800, 960, 1200];
const SIZES = { desktop: { width: 1280, height: 800 }, phone: { width: 390, height: 844 } };

type Theme = "light" | "dark";
type Size = keyof typeof SIZES;
/** Every page; each is shot in four faces. */
const PAGES: readonly [name: string, path: string, prepare?: (page: Page) => Promise<void>][] = [
  ["overview", "/"],
  ["jobs", "/jobs?state=stored&state=dead"],
  ["job", "/jobs?state=stored&search=id:landscape%20format:avif", openFirst],
  ["images", "/images"],
  ["image", "/images/landscape.jpg"],
  ["runs", "/runs"],
  ["run", "/runs?state=done", openFirst],
  ["check", "/check", fillCheck],
  ["new-run", "/runs/new", fillNewRun],
  ["causes", "/causes"],
  ["dead-letters", "/causes?window=all&state=dead"],
  ["serving", "/serving"],
  ["steering", "/steering"],
  ["system", "/system"],
];
const FACES: readonly [suffix: string, words: string, theme: Theme, size: Size][] = [
  ["", "desktop, light", "light", "desktop"],
  ["-dark", "desktop, dark", "dark", "desktop"],
  ["-phone", "phone, light", "light", "phone"],
  ["-phone-dark", "phone, dark", "dark", "phone"],
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

async function fillCheck(page: Page): Promise<void> {
  const edge = await page.evaluate(async () => {
    const session = (await (await fetch("/api/v1/session")).json()) as { edgeUrl: string };
    return session.edgeUrl;
  });
  const urls = [
    "landscape.jpg?w=800&f=webp",
    "landscape.jpg?w=2560&f=avif",
    "phone.jpg?w=640&f=auto",
    "missing.jpg?w=640",
  ];
  await page.getByLabel(/^Image URLs/).fill(urls.map((url) => `${edge}/images/${url}`).join("\n"));
  await page.getByRole("button", { name: "Check" }).click();
  await page.getByText(/of 4 URLs need no warming/).waitFor();
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

/** Every page in one face; the session is signed in once. */
/** One visit a page: the faces differ in width and theme only. */
async function shoot(page: Page, origin: string): Promise<number> {
  let bytes = 0;
  for (const [name, path, prepare] of PAGES) {
    await page.setViewportSize(SIZES.desktop);
    await page.emulateMedia({ colorScheme: "light" });
    await page.goto(origin + path);
    await settled(page);
    await prepare?.(page);
    for (const [suffix, , theme, size] of FACES) {
      await page.setViewportSize(SIZES[size]);
      await page.emulateMedia({ colorScheme: theme });
      await page.waitForFunction((wanted) => document.documentElement.dataset.theme === wanted, theme);
      await page.evaluate(() => scrollTo(0, 0));
      await page.waitForLoadState("networkidle");
      const small = await sharp(await page.screenshot())
        .webp({ quality: 72, effort: 6 })
        .toBuffer();
      await writeFile(join(FOLDER, `dashboard-${name}${suffix}.webp`), small);
      bytes += small.length;
    }
    console.log(`${name}: ${Math.round(bytes / 1000)} kB so far`);
  }
  return bytes;
}

/** Every page in every face, as a table between the document's marks. */
async function print(): Promise<void> {
  const cell = (name: string, [suffix, words, , size]: (typeof FACES)[number]) => {
    const file = `images/dashboard-${name}${suffix}.webp`;
    return `<a href="${file}"><img src="${file}" alt="${name}, ${words}" width="${size === "phone" ? 100 : 280}"></a>`;
  };
  const rows = PAGES.map(
    ([name]) => `| ${name.replace("-", " ")} | ${FACES.map((face) => cell(name, face)).join(" | ")} |`,
  );
  const head = `| | ${FACES.map(([, words]) => words).join(" | ")} |\n|---|---|---|---|---|`;
  const text = await readFile(DOCUMENT, "utf8");
  const [from, to] = [text.indexOf(MARKS[0]), text.indexOf(MARKS[1])];
  if (from < 0 || to < from) throw new Error("docs/dashboard.md has no marks for the pictures.");
  await writeFile(DOCUMENT, `${text.slice(0, from)}${MARKS[0]}\n${head}\n${rows.join("\n")}\n${text.slice(to)}`);
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
  await print();
  console.log(`${PAGES.length * FACES.length} pictures, ${(bytes / 1e6).toFixed(1)} MB`);
} finally {
  await browser.close();
  await stack.close();
}
