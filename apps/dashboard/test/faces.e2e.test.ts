import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { buildDashboard } from "../../../dev/dashboard.ts";
import { launchBrowser } from "./browser.ts";
import { type FakeApi, startFakeApi } from "./fake-api.ts";
import { HOSTILE } from "./fixtures.ts";
import { DESKTOP, overflow, PHONE, settled, violations, visit } from "./visit.ts";

/* Every page with every face, against a fake API: what a real stack is hard to bring to. The real one: stack.e2e.test.ts. */

const PAGES = [
  "/",
  "/?history=day",
  "/jobs",
  "/jobs?state=dead&search=error:x",
  "/jobs/00000000000",
  "/jobs/00000000005",
  "/jobs/00000000007",
  "/images",
  "/images/products/oak-chair",
  "/runs",
  "/runs/new",
  "/runs/run_0",
  "/causes",
  "/causes?window=5m",
  "/dead",
  "/dead?cause=fp0",
  "/serving",
  "/steering",
  "/system",
  "/nowhere",
];
const ALL_FACES = [DESKTOP, PHONE].flatMap((viewport) =>
  (["light", "dark"] as const).map((theme) => ({ viewport, theme })),
);
const TWO_FACES = ALL_FACES.filter(({ viewport, theme }) => (viewport === DESKTOP) === (theme === "light"));

let browser: Browser;
let api: FakeApi;

beforeAll(async () => {
  await buildDashboard();
  [browser, api] = await Promise.all([launchBrowser(), startFakeApi()]);
});
afterAll(async () => {
  await browser?.close();
  await api?.close();
});

describe.each([
  ["busy", ALL_FACES],
  ["empty", TWO_FACES],
  ["failing", TWO_FACES],
  ["hostile", TWO_FACES],
] as const)("a server that is %s", (mode, faces) => {
  it.each(faces)(
    "shows every page whole and accessible at $viewport.width px, $theme",
    async (face) => {
      Object.assign(api, { mode, role: "operator" });
      const { page, faults, origins, close } = await visit(browser, face);
      const wrong: string[] = [];
      for (const path of PAGES) {
        await page.goto(api.url + path);
        await settled(page);
        wrong.push(...(await violations(page)).map((violation) => `${path} ${violation}`));
        if ((await overflow(page)) > 0) wrong.push(`${path} scrolls sideways`);
        if ((await page.locator("h1, .state-card h2").count()) === 0) wrong.push(`${path} has no heading`);
        if ((await page.title()) === "pwned") wrong.push(`${path} ran what a stranger wrote`);
      }
      await close();
      expect(wrong).toEqual([]);
      expect(faults).toEqual([]);
      expect([...origins]).toEqual([api.url]);
    },
    300_000,
  );
});

describe("hostile strings", () => {
  it.each(["/", "/jobs", "/jobs/00000000000", "/dead", "/steering", "/runs", "/images/x"])(
    "stay text on %s",
    async (path) => {
      Object.assign(api, { mode: "hostile", role: "operator" });
      const { page, close } = await visit(browser);
      await page.goto(api.url + path);
      await settled(page);
      expect(await page.locator("body").innerText()).toContain("<img src=x onerror=");
      expect(await page.locator("img[src='x'], main script, [onerror], a[href^='javascript']").count()).toBe(0);
      await close();
    },
  );

  it("stay text in the address, the search and a dialog", async () => {
    Object.assign(api, { mode: "hostile", role: "operator" });
    const { page, faults, close } = await visit(browser);
    await page.goto(`${api.url}/jobs?search=${encodeURIComponent(HOSTILE)}&run=${encodeURIComponent(HOSTILE)}`);
    await page.getByRole("button", { name: "Retry all dead…" }).click();
    await page.getByRole("dialog").getByText("241").first().waitFor();
    expect([await page.title(), faults]).toEqual(["Jobs · Prewarm", []]);
    await page.goto(`${api.url}/${encodeURIComponent(HOSTILE)}`);
    await page.getByRole("heading", { name: "Nothing here" }).waitFor();
    expect(await page.title()).toBe("Nothing here · Prewarm");
    await close();
  });
});

describe("the policy of the page", () => {
  it("lets no inline script or style run, even when something put one there", async () => {
    const { page, close } = await visit(browser);
    await page.goto(api.url);
    const outcome = await page.evaluate(() => {
      const style = document.createElement("div");
      style.setAttribute("style", "color: red");
      const refused = (act: () => void) => {
        try {
          act();
          return false;
        } catch {
          return true;
        }
      };
      return [
        style.style.color,
        refused(() => {
          document.body.innerHTML = "<b>x</b>";
        }),
        refused(() => {
          document.createElement("script").text = "1";
        }),
      ];
    });
    expect(outcome).toEqual(["", true, true]);
    await close();
  });
});

it("is built within its budget of bytes", () => {
  const script = fileURLToPath(new URL("../scripts/check-size.ts", import.meta.url));
  expect(execFileSync(process.execPath, [script], { encoding: "utf8" })).toMatch(
    /first page, \.js: \d+ of 60000 bytes gzip/,
  );
});
