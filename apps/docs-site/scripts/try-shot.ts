// The picture of `prewarm try` in README: its built-in site, once its images are warm.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import sharp from "sharp";
import { startTry } from "../../../test/e2e/try-process.ts";
import { launchBrowser } from "../../dashboard/test/browser.ts";

const FILE = resolve(import.meta.dirname, "../../../docs/images/try.webp");
/** Longest that the variants may take, in ms. */
const MADE_MS = 600_000;

const cwd = mkdtempSync(join(tmpdir(), "prewarm-shot-"));
const trial = await startTry(["try"], cwd);
const browser = await launchBrowser();
try {
  const context = await browser.newContext({ viewport: { width: 1000, height: 560 } });
  const page = await context.newPage();
  const state = (...names: string[]) =>
    page.waitForSelector(names.map((name) => `prewarm-bar[data-state="${name}"]`).join(), {
      state: "attached",
      timeout: MADE_MS,
    });
  await page.goto(trial.url);
  await state("ready", "warm");
  await page.reload();
  await state("warm");
  const picture = await sharp(await page.screenshot())
    .webp({ quality: 72, effort: 6 })
    .toBuffer();
  writeFileSync(FILE, picture);
  console.log(`try.webp: ${Math.round(picture.length / 1000)} kB`);
} finally {
  await browser.close();
  await trial.stop();
  rmSync(cwd, { recursive: true, force: true });
}
