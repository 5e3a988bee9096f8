import type { Page } from "playwright-core";
import { describe, expect, it } from "vitest";
import { atFakeApi } from "./at-fake-api.ts";
import { violations, visit } from "./visit.ts";

const { at, open, calls } = atFakeApi();

/** The text of the row that has the focus. */
const focusedRow = (page: Page) =>
  page.evaluate(() => document.activeElement?.closest("[data-row]")?.getAttribute("data-row") ?? null);

describe("keyboard only", () => {
  it("signs in, refuses a wrong token in words, and takes the right one", async () => {
    at.api.role = null;
    const { page, faults, close } = await visit(at.browser);
    await page.goto(at.api.url);
    // The page gives it the focus by itself; keys that come before that are lost.
    await page.getByLabel("Token").and(page.locator(":focus")).waitFor();
    await page.keyboard.type("wrong");
    await page.keyboard.press("Enter");
    await page.getByRole("alert").getByText("This token is not valid").waitFor();
    expect(await violations(page)).toEqual([]);
    await page.keyboard.press("Control+A");
    await page.keyboard.type("local-admin");
    await page.keyboard.press("Enter");
    await page.getByRole("region", { name: "Lanes" }).waitFor();
    expect(faults).toEqual([]);
    await close();
  });

  it("signs in by the local stack's link, whose token leaves the address", async () => {
    at.api.role = null;
    const { page, faults, close } = await visit(at.browser);
    await page.goto(`${at.api.url}/#token=local-admin`);
    await page.getByRole("region", { name: "Lanes" }).waitFor();
    expect(page.url()).not.toContain("token");
    expect(faults).toEqual([]);
    await close();
  });

  it("goes to jobs, searches, selects and retries, and comes back to where it was", async () => {
    const { page, close } = await open("/");
    await page.keyboard.press("g");
    await page.keyboard.press("j");
    await page.getByRole("table").waitFor();
    await page.keyboard.press("/");
    await page.keyboard.type("upstream_failed");
    await page.keyboard.press("Enter");
    await page.waitForURL(/search=upstream_failed/);
    await page.keyboard.press("Escape");
    await page.waitForFunction(() =>
      [...document.querySelectorAll("[data-row]")].every((row) => row.textContent?.includes("upstream_failed")),
    );
    await page.keyboard.press("j");
    const first = await focusedRow(page);
    await page.keyboard.press("j");
    const second = await focusedRow(page);
    await page.keyboard.press("k");
    expect([await focusedRow(page), first === second]).toEqual([first, false]);
    await page.keyboard.press("x");
    await page.keyboard.press("j");
    await page.keyboard.press("x");
    await page.getByText("2 selected").waitFor();
    await page.keyboard.press("r");
    await page
      .getByRole("dialog")
      .getByRole("button", { name: /^Retry 241 jobs/ })
      .waitFor();
    await page
      .getByRole("dialog")
      .getByRole("button", { name: /^Retry 241 jobs/ })
      .focus();
    await page.keyboard.press("Enter");
    await page.getByRole("dialog").getByText("120 of 241").waitFor();
    await page.keyboard.press("Escape");
    await page.getByRole("dialog").waitFor({ state: "detached" });
    expect(calls().filter((line) => line.startsWith("POST"))).toEqual(["POST /api/v1/actions", "POST /api/v1/actions"]);
    await close();
  });

  it("retries the job of its page by r, and shows every key by ?", async () => {
    const { page, close } = await open("/jobs/00000000000");
    await page.keyboard.press("?");
    await page.getByRole("dialog", { name: "Keyboard" }).waitFor();
    await page.keyboard.press("r");
    expect(calls().some((line) => line.startsWith("POST"))).toBe(false);
    await page.keyboard.press("Escape");
    await page.getByRole("dialog").waitFor({ state: "detached" });
    await page.keyboard.press("r");
    await page.getByText("Queued again.").waitFor();
    expect(calls()).toContain("POST /api/v1/jobs/00000000000/retry");
    await close();
  });

  it("says how a limit of the gate came about, and lets a pinned one find itself", async () => {
    const { page, close } = await open("/steering");
    await page.getByText("Automatic, between 1 and 1,000. Ittybit answered 429 with 55 jobs there.").waitFor();
    await page.getByRole("checkbox", { name: "Automatic: Submissions a second" }).focus();
    await page.keyboard.press("Space");
    await page.getByRole("button", { name: "Apply 1 change" }).focus();
    await page.keyboard.press("Enter");
    await page.getByText("Submissions a second: 20 → automatic.").waitFor();
    expect(calls()).toContain("PATCH /api/v1/gate");
    await close();
  });

  it("reaches the content at the second stop, by the link before all else", async () => {
    const { page, close } = await open("/jobs");
    await page.evaluate(() => (document.activeElement as HTMLElement).blur());
    const stop = () =>
      page.evaluate(() => [document.activeElement?.textContent, document.activeElement?.closest("main") !== null]);
    await page.keyboard.press("Tab");
    expect(await stop()).toEqual(["Skip to content", false]);
    await page.keyboard.press("Enter");
    await page.keyboard.press("Tab");
    expect(await stop()).toEqual([expect.any(String), true]);
    await close();
  });

  it("reaches every control by Tab, each with a visible focus", async () => {
    const { page, close } = await open("/steering");
    await page.getByRole("switch", { name: "Lane live" }).waitFor();
    const wanted = await page
      .locator("button:not(:disabled), a[href], input")
      .evaluateAll((all) => all.filter((one) => one.checkVisibility()).length);
    const reached = new Set<string>();
    const bare: string[] = [];
    for (let step = 0; step < wanted + 8; step++) {
      await page.keyboard.press("Tab");
      const seen = await page.evaluate(() => {
        const one = document.activeElement as HTMLElement;
        return [
          one.outerHTML.slice(0, 120) + [...document.querySelectorAll("*")].indexOf(one),
          getComputedStyle(one).outlineStyle,
        ];
      });
      reached.add(seen[0] ?? "");
      if (seen[1] === "none" && !seen[0]?.startsWith("<body")) bare.push(seen[0] ?? "");
    }
    expect(bare).toEqual([]);
    expect(reached.size).toBeGreaterThanOrEqual(wanted);
    await close();
  });
});

describe("a viewer", () => {
  const HARMLESS =
    /^( ?Go to|relative$|local$|UTC$|Save this view|Dense|Remove the view|Live|Paused|Live updates: |Theme: |Keyboard help|Sign out|Hour|Day|30 days|Stored|Wait|Run$|All|Open|Done|Cancelled|Newest|Newer|Older|Back|More|Show|CSV of|NDJSON of|Readiness|5 min|1 hour|1 day|retrying$|dead$|refused$|Copy as curl|Copy id|Download the receipt|1:1$|Difference$|\d+ × \d+ px|\d+ px|avif, |jpeg, |webp, |Check|Try|Compare with originals)/;

  it.each([
    "/",
    "/jobs",
    "/jobs/00000000000",
    "/jobs/00000000003",
    "/images/x",
    "/images/removed/x",
    "/runs",
    "/runs/run_0",
    "/runs/new",
    "/jobs/causes?window=all&state=dead",
    "/jobs/causes",
    "/usage",
    "/usage/sites",
    "/usage/costs",
    "/steering",
    "/system",
  ])("sees no write on %s", async (path) => {
    at.api.role = "viewer";
    const { page, close } = await open(path);
    await page.getByText("viewer", { exact: true }).waitFor();
    const names = await page
      .locator("button:not(.sort, [aria-label='Costs by'] *, [aria-label=Month] *), a.button, input[type=submit]")
      .evaluateAll((all) => all.map((one) => one.getAttribute("aria-label") ?? one.textContent ?? ""));
    expect(
      names.filter(
        (name) =>
          !["Steering", "Jobs of this run", "JSON", "List", "Causes", "Views", "Costs", "Sites", "Search"].includes(
            name,
          ) && !HARMLESS.test(name),
      ),
    ).toEqual([]);
    expect(await page.locator("main input[type=number], main textarea, main [data-retry]").count()).toBe(0);
    await page.keyboard.press("j");
    await page.keyboard.press("r");
    expect(calls().filter((line) => !line.startsWith("GET"))).toEqual([]);
    await close();
  });
});

describe("an operator of one act", () => {
  it.each([
    ["/jobs", "Retry all dead…", /Cancel all|New run/],
    ["/jobs/00000000000", "Retry", /^Cancel$/],
    ["/runs/run_1", "Jobs of this run", /Cancel run|^First|^In turn|New run/],
    ["/images/x", "Overview", /Purge|Remove|Make all again|Warm/],
    ["/images/removed/x", "Download the receipt", /Lift/],
    ["/steering", "Overview", /Pause (?!live updates)|Resume|Apply|Undo|Purge|Reset|Automatic/],
    ["/system", "Overview", /Report|Mend|Send a test/],
    ["/runs/new", "Overview", /Start the run/],
  ])("sees on %s what retries (%s), and nothing else that changes anything", async (path, there, gone) => {
    at.api.may = ["retry"];
    const { page, close } = await open(path);
    const controls = page.locator("button, a");
    await controls
      .getByText(there, { exact: true })
      .or(page.getByRole("button", { name: there, exact: true }))
      .first()
      .waitFor();
    const names = await controls.evaluateAll((all) =>
      all.map((one) => one.getAttribute("aria-label") ?? one.textContent ?? ""),
    );
    expect(names.filter((name) => gone.test(name))).toEqual([]);
    await close();
  });
});
