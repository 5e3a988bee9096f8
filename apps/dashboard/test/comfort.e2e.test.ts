import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { buildDashboard } from "../../../dev/dashboard.ts";
import { NAV } from "../src/lib/nav.ts";
import { launchBrowser } from "./browser.ts";
import { type FakeApi, startFakeApi } from "./fake-api.ts";
import { DESKTOP, PHONE, settled, violations, visit } from "./visit.ts";

let browser: Browser;
let api: FakeApi;

beforeAll(async () => {
  await buildDashboard();
  [browser, api] = await Promise.all([launchBrowser(), startFakeApi()]);
});
beforeEach(() => void Object.assign(api, { mode: "busy", role: "operator", seen: [] }));
afterAll(async () => {
  await browser?.close();
  await api?.close();
});

async function open(path: string, viewport = DESKTOP) {
  const one = await visit(browser, { viewport });
  await one.page.goto(api.url + path);
  await settled(one.page);
  return one;
}

/** Where the operator is: how far down, which row has the focus, how many are ticked. */
const whereabouts = (page: Page) =>
  page.evaluate(() => ({
    scroll: Math.round(scrollY),
    row: document.activeElement?.closest("[data-row]")?.getAttribute("data-row") ?? null,
    ticked: document.querySelectorAll("[data-ticked=true]").length,
  }));

describe("Back", () => {
  it("restores scroll, row and what is ticked, and so does a reload", async () => {
    const { page, close } = await open("/jobs");
    await page.locator("tbody [data-row]").nth(3).getByRole("checkbox").check();
    await page.locator("tbody [data-row]").nth(30).getByRole("checkbox").check();
    await page.locator("tbody [data-row] a").nth(40).focus();
    await page.evaluate(() => scrollTo(0, 900));
    const before = await whereabouts(page);
    expect(before).toMatchObject({ scroll: 900, ticked: 2 });
    await page.keyboard.press("Enter");
    await page.locator(".crumbs").waitFor();
    expect((await whereabouts(page)).scroll).toBe(0);
    await page.goBack();
    await expect.poll(() => whereabouts(page)).toEqual(before);
    await page.getByText("2 selected").waitFor();
    await page.reload();
    await expect.poll(() => whereabouts(page)).toEqual(before);
    await close();
  });

  it("waits for rows that come late, unless the operator has moved on", async () => {
    const { page, close } = await open("/jobs");
    await page.locator("tbody [data-row] a").nth(40).focus();
    const before = await whereabouts(page);
    await page.keyboard.press("Enter");
    await page.locator(".crumbs").waitFor();
    let answer = () => {};
    const held = new Promise<void>((resolve) => {
      answer = resolve;
    });
    await page.route("**/api/v1/jobs?*", async (route) => {
      await held;
      await route.continue();
    });
    await page.goBack();
    answer();
    await expect.poll(() => whereabouts(page)).toEqual(before);
    await close();
  });
});

it("puts the focus on a new page and says its name", async () => {
  const { page, close } = await open("/");
  await page.getByRole("navigation", { name: "Pages" }).getByRole("link", { name: "Causes" }).click();
  await page.locator("[data-announced]").getByText("Causes", { exact: true }).waitFor({ state: "attached" });
  expect(await page.evaluate(() => document.activeElement?.id)).toBe("main");
  await page.goBack();
  await page.locator("[data-announced]").getByText("Overview", { exact: true }).waitFor({ state: "attached" });
  expect(await page.evaluate(() => document.activeElement?.id)).toBe("main");
  await close();
});

it("saves a filter under a name, finds it by the palette, and forgets it", async () => {
  const { page, close } = await open("/jobs?state=dead&search=error:x");
  await page.getByRole("button", { name: "Save this view…" }).click();
  expect(await violations(page)).toEqual([]);
  await page.getByRole("dialog").getByRole("textbox").fill("My dead ones");
  await page.getByRole("button", { name: "Save", exact: true }).click();
  await page.getByRole("link", { name: "My dead ones" }).waitFor();
  await page.goto(`${api.url}/steering`);
  await settled(page);
  await page.keyboard.press("Control+k");
  await page.getByRole("dialog").getByRole("combobox").fill("dead ones");
  await page.keyboard.press("Enter");
  await page.waitForURL("**/jobs?state=dead&search=error%3Ax");
  await page.getByRole("button", { name: "Remove the view My dead ones" }).click();
  await page.getByRole("link", { name: "My dead ones" }).waitFor({ state: "detached" });
  await close();
});

describe("the palette", () => {
  it("goes to pages, ids and searches, and does what can be done, by keys alone", async () => {
    const { page, close } = await open("/jobs");
    const take = async (text: string, choice: string) => {
      await page.keyboard.press("Control+k");
      await page.getByRole("dialog").getByRole("combobox").fill(text);
      await page.getByRole("option", { name: choice }).first().waitFor();
      await page.keyboard.press("Enter");
      await page.getByRole("dialog").waitFor({ state: "detached" });
    };
    await take("system", "System page");
    await page.waitForURL("**/system");
    expect(await page.evaluate(() => document.activeElement?.id)).toBe("main");
    await take("00000000005", "00000000005 job");
    await page.waitForURL("**/jobs/00000000005");
    await take("resume bulk", "Resume bulk do");
    await page.getByText("bulk runs again.").waitFor();
    expect(api.seen).toContain("PATCH /api/v1/gate");
    await close();
  });

  it("chooses with the arrows, is accessible, and gives the focus back on Escape", async () => {
    const { page, close } = await open("/jobs");
    await page.getByRole("button", { name: /Go to/ }).focus();
    await page.keyboard.press("Enter");
    const box = page.getByRole("dialog").getByRole("combobox");
    await box.waitFor();
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("ArrowDown");
    const chosen = await box.getAttribute("aria-activedescendant");
    expect(await page.locator(`[id="${chosen}"]`).innerText()).toContain("Runs");
    expect(await violations(page)).toEqual([]);
    await page.keyboard.press("Escape");
    await page.getByRole("dialog").waitFor({ state: "detached" });
    expect(await page.evaluate(() => document.activeElement?.textContent)).toContain("Go to");
    await close();
  });

  it("offers a viewer nothing that changes anything", async () => {
    api.role = "viewer";
    const { page, close } = await open("/jobs");
    await page.keyboard.press("Control+k");
    await page.getByRole("option", { name: "Overview" }).waitFor();
    expect(await page.getByRole("option", { name: /Pause|Resume|Reset|New run/ }).count()).toBe(0);
    await close();
  });
});

it("has dense rows, of one line each, and keeps to them", async () => {
  const { page, close } = await open("/jobs");
  await page.keyboard.press("d");
  await page.reload();
  await settled(page);
  const heights = await page
    .locator("tbody [data-row]")
    .evaluateAll((rows) => rows.map((row) => row.getBoundingClientRect().height));
  expect(Math.max(...heights)).toBeLessThan(32);
  expect(await violations(page)).toEqual([]);
  await close();
});

it("gives every chart as a table, and what was done meanwhile in words", async () => {
  const { page, close } = await open("/");
  const charts = page.locator("figure.chart");
  expect(await charts.count()).toBe(3);
  expect(api.seen.filter((line) => line.includes("/history"))).toHaveLength(1);
  for (const chart of await charts.all()) {
    await chart.locator("summary").click();
    await chart.locator("tbody tr").first().waitFor();
    expect(await chart.locator("tbody tr").count()).toBe(60);
    expect(await chart.locator("tbody th").first().textContent()).toMatch(/^\d\d:\d\d( \(\d\d:\d\d)? UTC\)?$/);
  }
  await page.getByText("changes in this time").click();
  await page.getByText("version 0f0f0f0 runs").waitFor();
  await page.getByText("retry of 241 jobs").waitFor();
  expect(await page.getByRole("img", { name: /^Open jobs, last hour: from [\d,]+ to [\d,]+$/ }).count()).toBe(1);
  expect(await violations(page)).toEqual([]);
  await close();
});

it("says so where nothing was measured", async () => {
  api.mode = "empty";
  const { page, close } = await open("/");
  expect(await page.getByText("Nothing was measured in this time.").count()).toBe(3);
  await close();
});

describe("on a phone", () => {
  it("every page, every count of a lane and what is ticked is in sight, and jobs begin on the first screen", async () => {
    const { page, close } = await open("/jobs?state=dead&lane=bulk", PHONE);
    const links = await page
      .locator(".nav a")
      .evaluateAll((all) => all.map((one) => one.getBoundingClientRect().right));
    expect(links.length).toBe(NAV.length);
    expect(Math.max(...links)).toBeLessThanOrEqual(PHONE.width);
    await page.getByText("Filter: dead, bulk").click();
    expect(await page.getByRole("checkbox", { name: /^dead/ }).isChecked()).toBe(true);
    await page.goto(`${api.url}/jobs`);
    await settled(page);
    const top = await page
      .locator("tbody [data-row]")
      .first()
      .evaluate((row) => row.getBoundingClientRect().top);
    expect(top).toBeLessThan(PHONE.height * 0.6);
    await page.goto(api.url);
    await settled(page);
    const counts = await page
      .locator(".lanes td a")
      .evaluateAll((all) => all.map((one) => [one.getBoundingClientRect().left, one.getBoundingClientRect().right]));
    expect(counts.length).toBeGreaterThan(10);
    expect(counts.filter(([left = 0, right = 0]) => left < 0 || right > PHONE.width)).toEqual([]);
    await close();
  });
});
