import type { Page } from "playwright-core";
import { settled } from "../../test/visit.ts";
import { busyAudit, busyGate, busyHistory, busyRuns, busyServing, busyStats } from "./busy-hour.ts";

export interface Scene {
  /** Of its two files: `docs/images/<name>.webp` and `<name>-dark.webp`. */
  name: string;
  /** CSS pixels; the files have twice as many. A page of GitHub is 830 wide. */
  size: { width: number; height: number };
  /** What it shows: modules and sheets of the dashboard, and pages of text. A change of them makes the picture old. */
  shows: readonly string[];
  /** Brings a browser that is signed in to what is to be seen. */
  open(page: Page, stack: { controlUrl: string; edgeUrl: string }): Promise<void>;
}

const STYLES = ["tokens", "base", "shell", "parts"].map((name) => `apps/dashboard/src/styles/${name}.css`);
const page = (name: string): string => `apps/dashboard/src/pages/${name}.tsx`;
const style = (name: string): string => `apps/dashboard/src/styles/${name}.css`;
const SHELL = "apps/dashboard/src/shell.tsx";

export const SCENES: readonly Scene[] = [
  {
    name: "overview",
    size: { width: 1120, height: 712 },
    shows: [SHELL, page("overview"), ...STYLES, style("overview"), style("stream"), style("charts")],
    async open(browser, { controlUrl }) {
      await busy(browser);
      await browser.goto(controlUrl);
      await settled(browser);
    },
  },
];

/** The answers of a busy hour in place of those of a stack that was started a minute ago. */
async function busy(page: Page): Promise<void> {
  const now = Date.now();
  const change = (path: string, to: (answer: never) => unknown) =>
    page.route(`**/api/v1/${path}`, async (route) => {
      if (route.request().method() !== "GET") return route.continue();
      const response = await route.fetch();
      await route.fulfill({ response, json: to((await response.json()) as never) });
    });
  await change("session", (session: object) => ({ ...session, environment: "production" }));
  await change("stats", (stats) => busyStats(stats, now));
  await change("gate", (gate) => busyGate(gate, now));
  await change("history*", (history) => busyHistory(history, now));
  await change("serving*", (serving) => busyServing(serving, now));
  await change("audit*", () => busyAudit(now));
  await change("runs?*", () => busyRuns(now));
}
