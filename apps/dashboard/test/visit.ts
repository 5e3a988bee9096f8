import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import type { Browser, Page } from "playwright-core";

const require = createRequire(import.meta.url);

export const DESKTOP = { width: 1440, height: 900 };
export const PHONE = { width: 390, height: 844 };
/** A tablet upright; also a desktop of 1440 px at a zoom of 200 %. */
export const TABLET = { width: 720, height: 1024 };

interface Visit {
  page: Page;
  /** Page errors, console errors and CSP reports. Answers of status 4xx and 5xx are none. */
  faults: string[];
  /** Origins asked by anything on the page. */
  origins: Set<string>;
  close(): Promise<void>;
}

/** A fresh context: no cookies, no storage, and everything that goes wrong written down. */
export async function visit(
  browser: Browser,
  options: { theme?: "light" | "dark"; viewport?: typeof DESKTOP } = {},
): Promise<Visit> {
  const context = await browser.newContext({
    viewport: options.viewport ?? DESKTOP,
    colorScheme: options.theme ?? "light",
    locale: "en-US",
    permissions: ["clipboard-read", "clipboard-write"],
  });
  const page = await context.newPage();
  const faults: string[] = [];
  const origins = new Set<string>();
  page.on("pageerror", (error) => faults.push(error.message));
  page.on("console", (message) => {
    if (message.type() === "error" && !/the server responded with a status of [45]/.test(message.text()))
      faults.push(message.text());
  });
  page.on("request", (request) => origins.add(new URL(request.url()).origin));
  page.setDefaultTimeout(200_000); // as long as `until` waits: a condition, not a speed
  return { page, faults, origins, close: () => context.close() };
}

let source: Promise<string> | null = null;

/** What axe-core finds wrong, each with where; empty is right. `only` names a rule, where the others were tried at this width already. */
export async function violations(page: Page, only?: "color-contrast"): Promise<string[]> {
  source ??= readFile(require.resolve("axe-core/axe.min.js"), "utf8");
  if (!(await page.evaluate(() => "axe" in globalThis))) await page.evaluate(await source);
  return page.evaluate(async (rule) => {
    const { axe } = globalThis as unknown as {
      axe: {
        run(
          options: object,
        ): Promise<{ violations: { id: string; nodes: { target: unknown[]; failureSummary?: string }[] }[] }>;
      };
    };
    const result = await axe.run({
      resultTypes: ["violations"],
      ...(rule === undefined ? {} : { runOnly: { type: "rule", values: [rule] } }),
    });
    return result.violations.flatMap(({ id, nodes }) =>
      nodes.map((node) => `${id}: ${node.target.join(" ")} ${node.failureSummary ?? ""}`.slice(0, 300)),
    );
  }, only);
}

/** How far the page can be scrolled sideways, in px; 0 is right. */
export function overflow(page: Page): Promise<number> {
  return page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
}

/** Short texts of one word that stand on several lines; none is right. */
export function brokenWords(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    const range = document.createRange();
    const broken: string[] = [];
    for (let text = texts.nextNode(); text !== null; text = texts.nextNode()) {
      range.selectNodeContents(text);
      const word = text.textContent?.trim() ?? "";
      if (/^\S{2,14}$/.test(word) && new Set([...range.getClientRects()].map(({ top }) => top)).size > 1)
        broken.push(word);
    }
    return broken;
  });
}

/** How wide the page's title is, in px; null: it is not to be seen. */
export function titleWidth(page: Page): Promise<number | null> {
  return page.evaluate(() => {
    const { width = 0 } = document.querySelector("h1:not(.visually-hidden)")?.getBoundingClientRect() ?? {};
    return width === 0 ? null : width;
  });
}

/** Until nothing on the page says that it still loads. */
export async function settled(page: Page): Promise<void> {
  await page.locator(".shell main").waitFor();
  await page.waitForFunction(() => !document.querySelector(".skeleton"));
}

/** As much as DejaVu Sans, bold, is wider than the pinned browser's font, in em a letter; the widest that systems bring as their own. */
const WIDEST_EM = 0.085;

/** The same where every text is as wide as in a system's widest font. */
export async function overflowWidened(page: Page): Promise<number> {
  await page.evaluate((em) => {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(`* { letter-spacing: ${em}em !important }`);
    document.adoptedStyleSheets = [sheet];
  }, WIDEST_EM);
  const width = await overflow(page);
  await page.evaluate(() => {
    document.adoptedStyleSheets = [];
  });
  return width;
}
