// The pictures of docs/from-zero.md, from the page that the tutorial writes and from a real local stack.
import { execFileSync } from "node:child_process";
import { cpSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join, resolve } from "node:path";
import sharp from "sharp";
import { startStackProcess } from "../../../test/e2e/stack-process.ts";
import { launchBrowser } from "../../dashboard/test/browser.ts";
import { settled, visit } from "../../dashboard/test/visit.ts";

const ROOT = resolve(import.meta.dirname, "../../..");
const IMAGES = join(ROOT, "docs/images");
const SIZE = { width: 1000, height: 620 };

/** The page that the tutorial writes, at the stack's address. */
function shop(edgeUrl: string): string {
  const text = readFileSync(join(ROOT, "docs/from-zero.md"), "utf8");
  const [, page] = /^cat > shop\.html <<'PAGE'\n(.*?)^PAGE$/ms.exec(text) ?? [];
  if (page === undefined) throw new Error("docs/from-zero.md writes no shop.html.");
  return page.replaceAll("http://localhost:8787", edgeUrl);
}

const folder = mkdtempSync(join(tmpdir(), "prewarm-shots-"));
const [photos, stateDir, html] = ["photos", "state", "shop.html"].map((name) => join(folder, name)) as [
  string,
  string,
  string,
];
mkdirSync(photos);
for (const photo of globSync("dev/samples/*.jpg", { cwd: ROOT }))
  cpSync(join(ROOT, photo), join(photos, basename(photo)));
const stack = await startStackProcess({ stateDir, env: { ORIGINALS_DIR: photos } });
const browser = await launchBrowser();
try {
  writeFileSync(html, shop(stack.edgeUrl));
  const ids = globSync("*.jpg", { cwd: photos });
  const env = { ...process.env, PREWARM_URL: stack.controlUrl, PREWARM_EDGE_URL: stack.edgeUrl, STATE_DIR: stateDir };
  execFileSync("npm", ["run", "-s", "prewarm", "--", "warm", ...ids, "--wait"], { cwd: ROOT, env, stdio: "inherit" });
  const { page } = await visit(browser, { viewport: SIZE });
  const shoot = async (name: string) => {
    await page.waitForLoadState("networkidle");
    const picture = await sharp(await page.screenshot())
      .webp({ quality: 72, effort: 6 })
      .toBuffer();
    writeFileSync(join(IMAGES, `from-zero-${name}.webp`), picture);
    console.log(`from-zero-${name}.webp: ${Math.round(picture.length / 1000)} kB`);
  };
  await page.goto(`file://${html}`);
  await shoot("shop");
  await page.goto(`${stack.controlUrl}/#token=${readFileSync(join(stateDir, "admin-token"), "utf8").trim()}`);
  await settled(page);
  await shoot("overview");
  await page.goto(`${stack.controlUrl}/images/nagasaki-boats.jpg`);
  await settled(page);
  await shoot("image");
} finally {
  await browser.close();
  await stack.stop();
  rmSync(folder, { recursive: true, force: true });
}
