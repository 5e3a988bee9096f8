// `npm run pictures [-- NAME …]`: the pictures of README and docs, from the scenes on a real local stack. Look at each before you commit it.
import { execFileSync } from "node:child_process";
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { Browser } from "playwright-core";
import sharp from "sharp";
import { startStackProcess } from "../../../test/e2e/stack-process.ts";
import { launchBrowser } from "../test/browser.ts";
import { settled } from "../test/visit.ts";
import { SCENES, type Scene } from "./pictures/scenes.ts";

const ROOT = resolve(import.meta.dirname, "../../..");
const IMAGES = join(ROOT, "docs/images");
const THEMES = { light: "", dark: "-dark" } as const;
type Stack = Parameters<Scene["open"]>[1] & { token: string };

async function take(browser: Browser, scene: Scene, stack: Stack): Promise<void> {
  for (const [theme, suffix] of Object.entries(THEMES)) {
    const context = await browser.newContext({
      viewport: scene.size,
      deviceScaleFactor: 2,
      colorScheme: theme as keyof typeof THEMES,
      locale: "en-GB",
      timezoneId: "UTC",
    });
    const page = await context.newPage();
    await page.goto(`${stack.controlUrl}/#token=${stack.token}`);
    await settled(page);
    await scene.open(page, stack);
    await page.waitForLoadState("networkidle");
    const picture = await sharp(await page.screenshot())
      .webp({ quality: 80, effort: 6, smartSubsample: true })
      .toBuffer();
    writeFileSync(join(IMAGES, `${scene.name}${suffix}.webp`), picture);
    console.log(`${scene.name}${suffix}.webp: ${Math.round(picture.length / 1000)} kB`);
    // A poll of the page may be under way.
    await page.unrouteAll({ behavior: "ignoreErrors" });
    await context.close();
  }
}

const wanted = process.argv.slice(2);
const scenes = SCENES.filter(({ name }) => wanted.length === 0 || wanted.includes(name));
const folder = mkdtempSync(join(tmpdir(), "prewarm-pictures-"));
const [photos, stateDir] = [join(folder, "photos"), join(folder, "state")];
cpSync(join(ROOT, "docs/photos"), photos, { recursive: true });
const [browser, stack] = await Promise.all([
  launchBrowser(),
  startStackProcess({ stateDir, env: { ORIGINALS_DIR: photos } }),
]);
try {
  const env = { ...process.env, PREWARM_URL: stack.controlUrl, PREWARM_EDGE_URL: stack.edgeUrl, STATE_DIR: stateDir };
  const ids = readdirSync(photos).filter((name) => name.endsWith(".jpg"));
  execFileSync("npm", ["run", "-s", "prewarm", "--", "warm", ...ids, "--wait"], { cwd: ROOT, env, stdio: "inherit" });
  const token = readFileSync(join(stateDir, "admin-token"), "utf8").trim();
  for (const scene of scenes) await take(browser, scene, { ...stack, token });
} finally {
  await browser.close();
  await stack.stop();
  rmSync(folder, { recursive: true, force: true });
}
