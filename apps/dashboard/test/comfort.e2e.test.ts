import { parseSpan } from "@prewarm/shared/job-search";
import type { Page } from "playwright-core";
import { describe, expect, it } from "vitest";
import { NAV } from "../src/lib/nav.ts";
import { atFakeApi } from "./at-fake-api.ts";
import { reset } from "./fake-server.ts";
import { history, stats } from "./fixtures-stats.ts";
import { PHONE, settled, violations, visit } from "./visit.ts";

const { at, open, calls } = atFakeApi();

/** What the operator sees: which row has the focus, how far down in the window, and how many are ticked. */
const whereabouts = (page: Page) =>
  page.evaluate(() => {
    const row = document.activeElement?.closest("[data-row]");
    return {
      row: row?.getAttribute("data-row") ?? null,
      // What loads late above the rows moves the page's offset, and not the rows.
      top: Math.round(row?.getBoundingClientRect().top ?? 0),
      ticked: document.querySelectorAll("[data-ticked=true]").length,
    };
  });
const offset = (page: Page) => page.evaluate(() => Math.round(scrollY));

describe("Back", () => {
  it("restores scroll, row and what is ticked, and so does a reload", async () => {
    const { page, close } = await open("/jobs");
    await page.locator("tbody [data-row]").nth(3).getByRole("checkbox").check();
    await page.locator("tbody [data-row]").nth(30).getByRole("checkbox").check();
    await page.locator("tbody [data-row] a").nth(40).focus();
    await page.evaluate(() => scrollTo(0, 900));
    const before = await whereabouts(page);
    expect([before.ticked, await offset(page)]).toEqual([2, expect.toSatisfy((y) => y >= 900)]);
    await page.keyboard.press("Enter");
    await page.locator(".crumbs").waitFor();
    expect(await offset(page)).toBe(0);
    await page.goBack();
    await expect.poll(() => whereabouts(page)).toEqual(before);
    await page.getByText("2 selected").waitFor();
    await page.reload();
    await expect.poll(() => whereabouts(page)).toEqual(before);
    await close();
  });

  it("restores what was ticked however soon the operator went on", async () => {
    const { page, close } = await open("/jobs");
    // In one task: no frame is drawn between the ticks and the way on.
    await page.evaluate(() => {
      const inRow = (n: number, what: string) =>
        document.querySelectorAll("tbody [data-row]")[n]?.querySelector<HTMLElement>(what)?.click();
      for (const n of [3, 30]) inRow(n, "input");
      inRow(40, "a");
    });
    await page.locator(".crumbs").waitFor();
    await page.goBack();
    await page.getByText("2 selected").waitFor();
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
  await page.getByRole("navigation", { name: "Pages" }).getByRole("link", { name: "Images" }).click();
  await page.locator("[data-announced]").getByText("Images", { exact: true }).waitFor({ state: "attached" });
  expect(await page.evaluate(() => document.activeElement?.id)).toBe("main");
  await page.goBack();
  await page.locator("[data-announced]").getByText("Overview", { exact: true }).waitFor({ state: "attached" });
  expect(await page.evaluate(() => document.activeElement?.id)).toBe("main");
  await close();
});

it("tells who listens of a change of level, and of no other change of the headline", async () => {
  const known = stats(false);
  const says = (health: Partial<typeof known.health>) => {
    at.api.answers["GET /api/v1/stats"] = () => ({ ...known, health: { ...known.health, ...health } });
  };
  says({ level: "ok", sentence: "Healthy: 3 jobs open." });
  const { page, close } = await open("/");
  const said = page.locator("[data-level-said]");
  await said.evaluate((one) => {
    const heard: (string | null)[] = [];
    Object.assign(globalThis, { heard });
    new MutationObserver(() => heard.push(one.textContent)).observe(one, {
      childList: true,
      characterData: true,
      subtree: true,
    });
  });
  says({ level: "problem", sentence: "Ittybit answers 402." });
  await said.getByText("Ittybit answers 402.").waitFor({ state: "attached" });
  const asked = () => calls().filter((line) => line.includes("/stats")).length;
  const before = asked();
  says({ level: "problem", sentence: "Ittybit answers 402. 7 jobs wait." });
  await expect.poll(asked).toBeGreaterThan(before + 1);
  says({ level: "ok", sentence: "Healthy: nothing waits." });
  await said.getByText("Healthy: nothing waits.").waitFor({ state: "attached" });
  expect(await page.evaluate(() => (globalThis as unknown as { heard: string[] }).heard)).toEqual([
    "Ittybit answers 402.",
    "Healthy: nothing waits.",
  ]);
  await close();
});

it("saves a filter under a name, finds it by the palette, and forgets it", async () => {
  const { page, close } = await open("/jobs?state=dead&search=error:x");
  await page.getByRole("button", { name: "Save this view…" }).click();
  expect(await violations(page)).toEqual([]);
  await page.getByRole("dialog").getByRole("textbox").fill("My dead ones");
  await page.getByRole("button", { name: "Save", exact: true }).click();
  await page.getByRole("link", { name: "My dead ones" }).waitFor();
  await page.goto(`${at.api.url}/steering`);
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
    const take = async (text: string, choice: string, late?: string) => {
      await page.keyboard.press("Control+k");
      await page.getByRole("dialog").getByRole("combobox").fill(text);
      await page.getByRole("option", { name: choice }).first().waitFor();
      // What the server finds comes later, and takes nothing from under the hand.
      if (late) await page.getByRole("option", { name: late }).waitFor();
      await page.keyboard.press("Enter");
      await page.getByRole("dialog").waitFor({ state: "detached" });
    };
    await take("system", "System page");
    await page.waitForURL("**/system");
    expect(await page.evaluate(() => document.activeElement?.id)).toBe("main");
    await take("00000000005", "00000000005 job", "photos/2026/boat-0 image");
    await page.waitForURL("**/jobs/00000000005");
    await take("https://img.example/images/albums/a%20b.jpg?w=800&f=webp", "albums/a b.jpg image");
    await page.waitForURL("**/images/albums/a%20b.jpg");
    await take("products/oak-chair", "products/oak-chair image");
    await page.waitForURL("**/images/products/oak-chair");
    await take("budget", "Change the budget… do");
    await page.waitForURL("**/steering#limits");
    await take("stop", "Pause all lanes do");
    await page.getByText(/^All lanes are paused\. \d+ jobs already at Ittybit will still be paid for\./).waitFor();
    await take("undo", "Undo the last change, by operator token 1 do");
    await page.getByText("Undone.").waitFor();
    await take("resume bulk", "Resume bulk do");
    await page.getByText("bulk runs again.").waitFor();
    expect(calls()).toContain("PATCH /api/v1/gate");
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
    at.api.role = "viewer";
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

it("gives the chart as a table, each of whose times leads to its jobs, and says what was done meanwhile", async () => {
  const { page, close } = await open("/");
  const chart = page.locator("figure.chart");
  expect(calls().filter((line) => line.includes("/history"))).toHaveLength(1);
  await chart.locator("summary").click();
  await chart.locator("tbody tr").first().waitFor();
  expect(await chart.locator("tbody tr").count()).toBe(60);
  const newest = chart.locator("tbody th").first();
  expect(await newest.textContent()).toMatch(/^\d\d:\d\d( \(\d\d:\d\d)? UTC\)?$/);
  await chart.locator(".flag", { hasText: "version 0f0f0f0 runs" }).waitFor();
  expect(await violations(page)).toEqual([]);
  await newest.getByRole("link").click();
  await page.getByRole("heading", { name: "Jobs" }).waitFor();
  const span = parseSpan(new URL(page.url()).searchParams.get("search")?.replace("at:", "") ?? "");
  expect(span && span.to - span.from + 1).toBe(60_000);
  await close();
});

it("opens the jobs of the stretch that is dragged over, and shows each kind in the address", async () => {
  const { page, close } = await open("/");
  await page.getByRole("button", { name: "Wait", exact: true }).click();
  await page.waitForURL("**/?chart=wait");
  const chart = page.locator("figure.chart");
  for (const words of ["p50", "p95", "oldest"])
    await chart.locator(".line-end", { hasText: words }).waitFor({ state: "attached" });
  for (const words of [/^1 s$/, /^10 s$/, /^1 min$/])
    await chart.locator(".axis", { hasText: words }).waitFor({ state: "attached" });
  const { x = 0, y = 0, width = 0 } = (await chart.locator(".plot").boundingBox()) ?? {};
  await page.mouse.move(x + width * 0.505, y + 20);
  await page.mouse.down();
  await page.mouse.move(x + width * 0.588, y + 30);
  await page.mouse.up();
  await page.getByRole("heading", { name: "Jobs" }).waitFor();
  const span = parseSpan(new URL(page.url()).searchParams.get("search")?.replace("at:", "") ?? "");
  expect(span && span.to - span.from + 1).toBe(360_000);
  await close();
});

it("shows a value that stands alone, as on a ledger's first day, and no time before it", async () => {
  const { page, close } = await visit(at.browser);
  at.api.answers["GET /api/v1/history"] = ({ query: { tier } }) => {
    const none = history(true, tier);
    const last = none.buckets.at(-1);
    if (last !== undefined) last.wait = { p50: 5_000, p95: null, p99: null };
    return none;
  };
  await page.goto(`${at.api.url}/?history=day&chart=wait`);
  await settled(page);
  const chart = page.locator("figure.chart");
  expect(await chart.locator("path[data-as=line]").getAttribute("d")).toMatch(/^M11\.2,[\d.]+h0\.6$/);
  await page.goto(`${at.api.url}/?history=day&chart=run`);
  await chart.getByText("No data in this period.").waitFor();
  await close();
});

it.each([
  "/",
  `/images/${"campaign/the-sofa-in-the-morning-light-with-the-cushions-of-the-second-series/".repeat(9)}final-v12.jpg`,
  "/images/cold/lamp.jpg",
])("fits one screen: %s", async (path) => {
  const { page, close } = await open(path);
  expect(await page.evaluate(() => document.documentElement.scrollHeight)).toBe(900);
  await close();
});

it("moves without a script, and its pictures are asked for anew only after more was stored", async () => {
  const { page, close } = await open("/");
  expect(await page.locator(".newest a").count()).toBe(9);
  await page.waitForResponse((response) => response.url().endsWith("/api/v1/stats"));
  expect(calls().filter((line) => line.startsWith("GET /api/v1/images"))).toHaveLength(1);
  await page.emulateMedia({ reducedMotion: "reduce" });
  expect(await page.evaluate(() => document.getAnimations().length)).toBe(0);
  await close();
});

it("grows with a wide screen: tables and charts take more than four fifths of what is beside the menus", async () => {
  const { page, close } = await open("/jobs", { viewport: { width: 2560, height: 1440 } });
  const widthOf = async (css: string) => (await page.locator(css).first().boundingBox())?.width ?? 0;
  const beside = 2560 - (await widthOf(".nav"));
  expect((await widthOf("main table")) / (beside - (await widthOf(".with-sidebar > search")))).toBeGreaterThan(0.8);
  await page.goto(at.api.url);
  await settled(page);
  expect((await widthOf(".stream")) / beside).toBeGreaterThan(0.8);
  await close();
});

it("says so where nothing was measured", async () => {
  reset(at.api, { mode: "empty" });
  const { page, close } = await open("/");
  await page.getByText("No data in this period.").waitFor();
  await page.getByText("All three lanes are empty.").waitFor();
  await page.getByText("Nothing needs you.").waitFor();
  expect(await page.locator(".newest .blank").count()).toBe(12);
  await close();
});

describe("on a phone", () => {
  it("every page, every count of a lane and what is ticked is in sight, and jobs begin on the first screen", async () => {
    const { page, close } = await open("/jobs?state=dead&lane=bulk", { viewport: PHONE });
    const links = await page
      .locator(".nav a")
      .evaluateAll((all) => all.map((one) => one.getBoundingClientRect().right));
    expect(links.length).toBe(NAV.length);
    expect(Math.max(...links)).toBeLessThanOrEqual(PHONE.width);
    await page.getByText("Filter: dead, bulk").click();
    expect(await page.getByRole("checkbox", { name: /^dead/ }).isChecked()).toBe(true);
    await page.goto(`${at.api.url}/jobs`);
    await settled(page);
    const top = await page
      .locator("tbody [data-row]")
      .first()
      .evaluate((row) => row.getBoundingClientRect().top);
    expect(top).toBeLessThan(PHONE.height * 0.6);
    await page.goto(at.api.url);
    await settled(page);
    const counts = await page
      .locator(".lanes a")
      .evaluateAll((all) => all.map((one) => [one.getBoundingClientRect().left, one.getBoundingClientRect().right]));
    expect(counts.length).toBeGreaterThan(7);
    expect(counts.filter(([left = 0, right = 0]) => left < 0 || right > PHONE.width)).toEqual([]);
    await close();
  });
});
