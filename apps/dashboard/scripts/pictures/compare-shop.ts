import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { Page } from "playwright-core";
import { serveFolder } from "../../../../scripts/examples/show-example.ts";
import { startTry } from "../../../../test/e2e/try-process.ts";

/*
 * A shop's page before and after `prewarm try`, side by side, each with the bytes of its images as the browser counted them. The page's
 * markup is as many shops have it: one `<img>` a photograph, in the size in which it was uploaded.
 */

const PHOTOS = resolve(import.meta.dirname, "../../../../dev/photos");
const VIEW = { width: 960, height: 640 };
/** Longest that the variants may take, in ms. */
const MADE_MS = 600_000;

const PRODUCTS = [
  ["leather-sofa", "Leather sofa", "1,290"],
  ["blue-armchair", "Armchair, blue", "420"],
  ["pendant-lamp", "Pendant lamp", "89"],
  ["oak-desk", "Oak desk", "560"],
  ["two-chairs", "Chairs, a pair", "240"],
  ["bedside-table", "Bedside table", "110"],
  ["wooden-stool", "Stool", "65"],
  ["shell-chair", "Shell chair", "310"],
  ["hanging-plant", "Hanging fern", "28"],
] as const;

const STYLE = `body { margin: 0 0 90px; font: 16px/1.4 system-ui, sans-serif; color: #222; background: #fff; }
header { display: flex; gap: 28px; align-items: baseline; padding: 18px 32px; } header b { font-size: 22px; margin-right: auto; }
.hero { display: block; width: 100%; height: 330px; object-fit: cover; }
main { display: grid; grid-template-columns: repeat(3, 1fr); gap: 24px; padding: 24px 32px; }
main img { width: 100%; height: 210px; object-fit: cover; display: block; margin-bottom: 8px; }`;

function shopPage(): string {
  const cards = PRODUCTS.map(
    ([photo, name, price]) =>
      `<div><img src="photos/${photo}.jpg" width="280" height="210" alt="${name}">${name} · ${price}</div>`,
  );
  return `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Oak &amp; Linen</title><style>${STYLE}</style>
<header><b>Oak &amp; Linen</b> <span>Sofas</span> <span>Chairs</span> <span>Lamps</span> <span>Plants</span></header>
<img class="hero" src="photos/living-room.jpg" width="960" height="330" alt="A living room">
<main>${cards.join("\n")}</main></html>`;
}

interface Side {
  /** The first view, as a data URL. */
  shot: string;
  /** Of all images of the page. */
  bytes: number;
}

let sides: Promise<[before: Side, after: Side]> | null = null;

/** Draws both sides; they are measured once, for light and dark. */
export async function compareShop(page: Page): Promise<void> {
  sides ??= measure(page);
  const [before, after] = await sides;
  // The dashboard allows no markup from a string.
  await page.goto("about:blank");
  await page.setContent(drawing(before, after));
  await page.evaluate(() => Promise.all([...document.images].map((image) => image.decode())));
}

async function measure(page: Page): Promise<[Side, Side]> {
  const folder = mkdtempSync(join(tmpdir(), "prewarm-shop-"));
  mkdirSync(join(folder, "site"));
  cpSync(PHOTOS, join(folder, "site/photos"), { recursive: true });
  writeFileSync(join(folder, "site/index.html"), shopPage());
  const plain = await serveFolder(join(folder, "site"));
  const trial = await startTry(["try", join(folder, "site")], folder);
  const view = await page.context().newPage();
  try {
    await view.setViewportSize(VIEW);
    await view.goto(plain.url);
    const before = await sideOf(view);
    const bar = (...states: string[]) =>
      view.waitForSelector(states.map((name) => `prewarm-bar[data-state="${name}"]`).join(), {
        state: "attached",
        timeout: MADE_MS,
      });
    await view.goto(trial.url);
    await bar("ready", "warm");
    await view.reload();
    await bar("warm");
    await view.addStyleTag({ content: "prewarm-bar { display: none !important }" });
    return [before, await sideOf(view)];
  } finally {
    await view.close();
    await trial.stop();
    plain.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function sideOf(view: Page): Promise<Side> {
  await view.waitForLoadState("networkidle");
  const bytes = await view.evaluate(() =>
    performance
      .getEntriesByType("resource")
      .filter((entry) => entry instanceof PerformanceResourceTiming && entry.initiatorType === "img")
      .reduce((sum, entry) => sum + (entry as PerformanceResourceTiming).encodedBodySize, 0),
  );
  return { shot: `data:image/png;base64,${(await view.screenshot()).toString("base64")}`, bytes };
}

const size = (bytes: number): string =>
  bytes < 1e6 ? `${Math.round(bytes / 1000)} kB` : `${(bytes / 1e6).toFixed(2)} MB`;

function drawing(before: Side, after: Side): string {
  const side = (title: string, { shot, bytes }: Side, kind: string) => `<figure>
<div class="frame"><i></i><i></i><i></i><img src="${shot}" alt=""></div>
<figcaption><span>${title}</span> <b>${size(bytes)}</b> <span class="of">of images</span></figcaption>
<div class="bar ${kind}" style="width: ${(100 * bytes) / before.bytes}%"></div></figure>`;
  const less = Math.round(100 * (1 - after.bytes / before.bytes));
  return `<!doctype html><html lang="en"><style>
:root { color-scheme: light dark; --line: light-dark(#dcd7d1, #3a3531); }
body { margin: 0; padding: 20px 24px; display: grid; grid-template-columns: 1fr 1fr; gap: 26px;
  font: 15px/1.4 system-ui, sans-serif; color: light-dark(#1b1816, #f3efeb); background: light-dark(#f6f5f3, #131110); }
figure { margin: 0; } .frame { border: 1px solid var(--line); border-radius: 8px; overflow: hidden; line-height: 0; background: light-dark(#fff, #26221f); }
.frame i { display: inline-block; width: 9px; height: 9px; margin: 8px 0 8px 8px; border-radius: 50%; background: var(--line); }
.frame img { width: 100%; display: block; } figcaption { display: flex; gap: 8px; align-items: baseline; margin: 12px 0 8px; }
figcaption b { font-size: 26px; font-weight: 700; margin-left: auto; } .of { color: light-dark(#625b55, #aaa19a); }
.bar { height: 12px; border-radius: 6px; background: light-dark(#8d857e, #7d746d); } .less { background: light-dark(#c2410c, #fb923c); }
</style>${side("As it is", before, "")}${side(`With Prewarm, ${less} % less`, after, "less")}</html>`;
}
