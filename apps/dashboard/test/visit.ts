import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import type { Browser, Page } from "playwright-core";

export const DESKTOP = { width: 1440, height: 900 };
export const PHONE = { width: 390, height: 844 };

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
  page.setDefaultTimeout(15_000);
  return { page, faults, origins, close: () => context.close() };
}

let source: Promise<string> | null = null;

/** What axe-core finds wrong, each with where; empty is right. */
export async function violations(page: Page): Promise<string[]> {
  source ??= readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
  await page.evaluate(await source);
  return page.evaluate(async () => {
    const { axe } = globalThis as unknown as {
      axe: {
        run(
          options: object,
        ): Promise<{ violations: { id: string; nodes: { target: unknown[]; failureSummary?: string }[] }[] }>;
      };
    };
    const result = await axe.run({ resultTypes: ["violations"] });
    return result.violations.flatMap(({ id, nodes }) =>
      nodes.map((node) => `${id}: ${node.target.join(" ")} ${node.failureSummary ?? ""}`.slice(0, 300)),
    );
  });
}

/** How far the page can be scrolled sideways, in px; 0 is right. */
export function overflow(page: Page): Promise<number> {
  return page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
}

/** Until nothing on the page says that it still loads. */
export async function settled(page: Page): Promise<void> {
  await page.locator(".shell main").waitFor();
  await page.waitForFunction(() => !document.querySelector(".skeleton"));
}
