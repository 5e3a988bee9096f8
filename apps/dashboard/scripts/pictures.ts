// `npm run pictures [-- NAME …]`: takes the pictures of README and docs, or some, on a real local stack. Look at each before you commit it.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { Browser } from "playwright-core";
import sharp from "sharp";
import { startStackProcess } from "../../../test/e2e/stack-process.ts";
import { launchBrowser } from "../test/browser.ts";
import { settled } from "../test/visit.ts";
import { SCENES, type Scene, type Stage } from "./pictures/scenes.ts";
import { fileOf, THEMES, type Theme, writeTaken } from "./pictures/taken.ts";

const ROOT = resolve(import.meta.dirname, "../../..");

async function take(browser: Browser, scene: Scene, theme: Theme, stage: Stage, token: string): Promise<void> {
  const context = await browser.newContext({
    viewport: scene.size,
    deviceScaleFactor: 2,
    colorScheme: theme,
    locale: "en-GB",
    timezoneId: "UTC",
  });
  const page = await context.newPage();
  await page.goto(`${stage.controlUrl}/#token=${token}`);
  await settled(page);
  await scene.open(page, stage);
  await page.waitForLoadState("networkidle");
  const picture = await sharp(await page.screenshot())
    .webp({ quality: 72, effort: 6, smartSubsample: true })
    .toBuffer();
  const file = fileOf(scene, theme);
  writeFileSync(join(ROOT, file), picture);
  console.log(`${file}: ${Math.round(picture.length / 1000)} kB`);
  // A poll of the page may be under way.
  await page.unrouteAll({ behavior: "ignoreErrors" });
  await context.close();
}

const wanted = process.argv.slice(2);
const scenes = SCENES.filter(({ name }) => wanted.length === 0 || wanted.includes(name));
if (scenes.length < wanted.length) throw new Error(`The scenes are ${SCENES.map(({ name }) => name).join(", ")}.`);
const folder = mkdtempSync(join(tmpdir(), "prewarm-pictures-"));
const [photos, stateDir] = [join(folder, "photos"), join(folder, "state")];
cpSync(join(ROOT, "dev/photos"), photos, { recursive: true });
const [browser, stack] = await Promise.all([
  launchBrowser(),
  startStackProcess({ stateDir, env: { ORIGINALS_DIR: photos } }),
]);

async function prewarm(...args: string[]): Promise<number | null> {
  const env = { ...process.env, PREWARM_URL: stack.controlUrl, PREWARM_EDGE_URL: stack.edgeUrl, STATE_DIR: stateDir };
  const child = spawn("npm", ["run", "-s", "prewarm", "--", ...args], { cwd: ROOT, env, stdio: "inherit" });
  const [code] = (await once(child, "exit")) as [number | null];
  return code;
}

try {
  const ids = readdirSync(photos).filter((name) => name.endsWith(".jpg"));
  if ((await prewarm("warm", ...ids, "--wait")) !== 0) throw new Error("The photographs were not warmed.");
  const token = readFileSync(join(stateDir, "admin-token"), "utf8").trim();
  const stage: Stage = { controlUrl: stack.controlUrl, edgeUrl: stack.edgeUrl, photos, prewarm };
  for (const scene of scenes) {
    await scene.prepare?.(stage);
    for (const theme of THEMES) await take(browser, scene, theme, stage, token);
  }
  await writeTaken(scenes);
} finally {
  await browser.close();
  await stack.stop();
  rmSync(folder, { recursive: true, force: true });
}
