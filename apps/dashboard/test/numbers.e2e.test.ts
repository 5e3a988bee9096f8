import { createHmac } from "node:crypto";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { launchBrowser } from "./browser.ts";
import { type LocalStack, startTestStack, until } from "./local-stack.ts";
import { operatorOf } from "./operator.ts";

/* What pages say in numbers, on the real stack: what was served, what it costs, who did what. */

let browser: Browser;
let stack: LocalStack;
const { api, signedIn, warm, ended } = operatorOf(
  () => stack,
  () => browser,
);

beforeAll(async () => {
  [browser, stack] = await Promise.all([launchBrowser(), startTestStack()]);
});
afterAll(async () => {
  await browser?.close();
  await stack?.close();
});

interface Serving {
  views: Record<string, number>;
  hitRatio: number;
  savedBytes: number;
  originalBytes: number;
  missed: object[];
}

async function view(path: string): Promise<string> {
  const response = await fetch(`${stack.edgeUrl}/images/${path}`, { redirect: "manual" });
  await response.arrayBuffer();
  return response.headers.get("Cache-Status") ?? "";
}

it("views are counted by what answered them, with the bytes saved; what was missed is warmed from the page", async () => {
  await ended(await warm([{ id: "landscape.jpg", transforms: ["w=400&f=webp"] }]));
  await api("/gate", { method: "PATCH", body: JSON.stringify({ paused: { live: true } }) });
  expect(await view("landscape.jpg?w=400&f=webp")).toMatch(/store; hit$/);
  await until(
    "it is in the cache",
    () => view("landscape.jpg?w=400&f=webp"),
    (status) => status === "edge; hit",
  );
  for (let n = 0; n < 3; n += 1) await view("portrait.jpg?w=640&f=webp");
  const { views, missed, ...sums } = await until(
    "the views are written",
    () => api<Serving>("/serving"),
    (seen) => seen.views.original === 3,
  );
  const { store = 0, cache = 0 } = views;
  expect([store >= 1, cache >= 1, sums.hitRatio]).toEqual([true, true, (store + cache) / (store + cache + 3)]);
  expect(missed).toMatchObject([{ id: "portrait.jpg", views: 3, stored: false }]);
  expect(sums.savedBytes).toBeGreaterThan(sums.originalBytes / 2);
  const { page, faults, close } = await signedIn("/usage");
  await page.getByText("3 views").waitFor();
  await page.getByRole("button", { name: "Warm these 1" }).click();
  await page.waitForURL(/\/runs\/(?!new)/);
  await ended(new URL(page.url()).pathname.split("/").pop() ?? "");
  expect(await view("portrait.jpg?w=640&f=webp")).toMatch(/store; hit$/);
  await api("/gate", { method: "PATCH", body: JSON.stringify({ paused: { live: false } }) });
  expect(faults).toEqual([]);
  await close();
});

it("hook deliveries are shown with their verdicts, the doctor reports before it mends, and readiness names the reason", async () => {
  const body = JSON.stringify({ type: "image.uploaded", data: { items: [{ id: "faces.jpg" }, { id: "../up" }] } });
  const id = "evt_1";
  const headers = {
    "content-type": "application/json",
    "webhook-id": id,
    "webhook-timestamp": String(Math.floor(Date.now() / 1000)),
  };
  const post = (signature: string) =>
    fetch(`${stack.controlUrl}/hooks/uploads`, {
      method: "POST",
      body,
      headers: { ...headers, "webhook-signature": signature },
    });
  const key = Buffer.from(stack.hookSecret.replace("whsec_", ""), "base64");
  const signed = `${id}.${headers["webhook-timestamp"]}.${body}`;
  const signature = `v1,${createHmac("sha256", key).update(signed).digest("base64")}`;
  expect([(await post("v1,bm8=")).status, (await post(signature)).status, (await post(signature)).status]).toEqual([
    401, 202, 202,
  ]);
  const { page, faults, close } = await signedIn("/system");
  const rows = page.getByRole("region", { name: "Deliveries of hooks" }).locator("tbody tr");
  await rows.first().waitFor();
  expect(await rows.allInnerTexts()).toEqual([
    expect.stringMatching(/uploads\s+repeat\s+A repeat; nothing was done\./),
    expect.stringMatching(/uploads\s+accepted\s+\d+ variants enqueued, 1 item rejected \(id_invalid: .*hook_uploads_/),
    expect.stringMatching(/uploads\s+refused\s+unauthorized: The proof of origin/),
  ]);
  await page.getByText("ready", { exact: true }).waitFor();

  let fixed = false;
  await page.route("**/api/v1/doctor", (route) => {
    fixed ||= (route.request().postDataJSON() as { fix: boolean }).fix;
    const finding = { code: "row_without_object", count: 2, message: "Two rows say stored.", examples: ["a"], fixed };
    return route.fulfill({ json: { findings: [finding], nextCursor: null } });
  });
  const mend = page.getByRole("button", { name: "Mend what was found" });
  expect(await mend.isDisabled()).toBe(true);
  await page.getByRole("button", { name: "Report" }).click();
  await page.getByText("Two rows say stored.").waitFor();
  expect([fixed, await page.getByText("Mended.").count()]).toEqual([false, 0]);
  await mend.click();
  await page.getByText("Mended.").waitFor();

  await page.route("**/readyz", (route) =>
    route.fulfill({ status: 503, json: { status: "not ready", reasons: ["environment: HOOK_SECRET: it is not set"] } }),
  );
  await page.reload();
  await page.getByText("environment: HOOK_SECRET: it is not set").waitFor();
  expect(faults).toEqual([]);
  await close();
});

it("images are browsed by what is new, large or failing; one is a grid with marks, and its pictures are compared", async () => {
  const run = await warm([
    // 900 px wide: both are the same picture.
    { id: "cut-out.png", transforms: ["w=640&f=webp", "w=960&f=webp", "w=1080&f=webp"] },
    { id: "small.jpg", transforms: ["w=96&f=webp"] },
    { id: "nowhere/a.jpg", transforms: ["w=96&f=webp", "w=160&f=webp"] },
  ]);
  await ended(run);
  const { page, faults, close } = await signedIn("/images?sort=failed");
  const first = page.locator("main .sheet li").first();
  await first.getByText("nowhere/a.jpg").waitFor();
  await first.getByText("2 failed").waitFor();
  await page.getByRole("button", { name: "Largest" }).click();
  await page.waitForURL("**/images?sort=largest**");
  await until(
    "the largest stands first",
    async () => (await page.locator("main .sheet li p").allInnerTexts()).map((text) => bytesOf(text)),
    (sizes) => sizes.length > 2 && sizes.every((size, at) => at === 0 || size <= (sizes[at - 1] ?? 0)),
  );
  await page.getByLabel(/Image id/).fill("cut");
  await page.getByRole("button", { name: "Search" }).click();
  await page.locator("main .sheet li").getByText("cut-out.png").click();

  const grid = page.getByRole("region", { name: "Bytes by width and format" });
  const cell = (width: number) => grid.getByRole("button", { name: `${width} px` });
  await cell(1080).getByText("same as 960 px").waitFor();
  expect([await grid.getByText(/same as/).count(), await grid.getByText("larger than the original").count()]).toEqual([
    1, 0,
  ]);
  await page.route("**/api/v1/images/cut-out.png", async (route) => {
    // A 304 has no body to change.
    const { "if-none-match": _, ...headers } = await route.request().allHeaders();
    const response = await route.fetch({ headers });
    await route.fulfill({ response, json: { ...(await response.json()), originalBytes: 1 } });
  });
  await grid.getByText("larger than the original").nth(2).waitFor();

  await cell(640).click();
  const over = page.locator(".wipe img").nth(1);
  await until(
    "both pictures show",
    () => page.locator(".wipe img").evaluateAll((all) => all.map((one) => (one as HTMLImageElement).naturalWidth)),
    (widths) => widths.join() === "900,640",
  );
  const clip = () => over.evaluate((image) => getComputedStyle(image).clipPath);
  const slider = page.getByRole("slider");
  await slider.fill("80");
  expect(await clip()).toBe("inset(0px 0px 0px 80%)");
  const width = () =>
    page
      .locator(".wipe img")
      .first()
      .evaluate((image) => image.getBoundingClientRect().width);
  expect(await width()).not.toBe(900);
  await page.getByRole("button", { name: "1:1" }).click();
  expect(await width()).toBe(900);
  await page.getByRole("button", { name: "Difference" }).click();
  expect([await slider.count(), await clip()]).toEqual([0, "none"]);
  expect(await over.evaluate((image) => getComputedStyle(image).mixBlendMode)).toBe("difference");
  expect(faults).toEqual([]);
  await close();
});

it("a run goes first in its lane until that is taken back, at the cost of who asked, and the log says so", async () => {
  const gate = () => api<{ budget: { usedByLane: Record<string, number> } }>("/gate");
  await api("/gate", { method: "PATCH", body: JSON.stringify({ paused: { bulk: true } }) });
  const before = (await gate()).budget.usedByLane;
  const run = await warm([{ id: "phone.jpg", transforms: ["w=160&f=webp", "w=320&f=webp", "w=480&f=webp"] }]);
  const { page, faults, close } = await signedIn(`/runs/${run}`);
  await page.getByText("bulk is paused").first().waitFor();
  const first = page.getByRole("button", { name: /^First: / });
  await first.click();
  await page.getByText(/^First in bulk since/).waitFor();
  await page.getByRole("button", { name: /^In turn: / }).click();
  await first.waitFor();
  await page.keyboard.press("Control+k");
  await page.getByRole("combobox").fill(`promote ${run}`);
  await page.getByRole("option", { name: `Let ${run} go first` }).waitFor();
  await page.keyboard.press("Enter");
  await page.getByText(/^First in bulk since/).waitFor();
  await api("/gate", { method: "PATCH", body: JSON.stringify({ paused: { bulk: false } }) });
  expect(await ended(run)).toMatchObject({ states: { stored: 3 }, lane: "bulk" });
  const { live, bulk } = (await gate()).budget.usedByLane;
  expect([live, bulk]).toEqual([before.live, (before.bulk ?? 0) + 3]);
  await page.goto(`${stack.controlUrl}/steering`);
  await page.getByText(`Run ${run} goes first in its lane`).first().waitFor();
  await page.getByText(`Run ${run} takes turns again`).waitFor();
  expect(faults).toEqual([]);
  await close();
});

it("what things cost is what the local Ittybit has made, in every dimension, and what the page shows", async () => {
  interface Costs {
    total: { jobs: number; stored: number };
    rows: { name: string; jobs: number }[];
  }
  const widthOf = async (name: string) =>
    (await api<Costs>("/costs?by=width&sort=name")).rows.find((row) => row.name === name)?.jobs ?? 0;
  const before = await widthOf("320");
  const transforms = ["w=320&f=webp", "w=320&f=avif"];
  const items = [
    { id: "portrait.jpg", transforms },
    { id: "nothing/here.jpg", transforms },
  ];
  await ended(await warm(items));
  const made = stack.emulator?.control.jobs().length ?? 0;
  const { budget } = await api<{ budget: { used: number } }>("/stats");
  expect([budget.used, made >= 5]).toEqual([made, true]);
  const { page, faults, close } = await signedIn("/usage/costs?by=width");
  for (const by of ["folder", "width", "format", "run"]) {
    const { rows, total } = await api<Costs>(`/costs?by=${by}`);
    expect([by, rows.reduce((sum, { jobs }) => sum + jobs, 0), total.jobs]).toEqual([by, made, made]);
  }
  // A missing original costs nothing.
  expect(await widthOf("320")).toBe(before + 2);
  expect(JSON.stringify(await api<Costs>("/costs?by=folder"))).not.toContain("nothing/");
  await page.getByRole("row", { name: new RegExp(`^320 ${before + 2} `) }).waitFor();
  await page.getByRole("button", { name: "Image" }).click();
  await page.getByRole("link", { name: "portrait.jpg" }).waitFor();
  expect(faults).toEqual([]);
  await close();
});

/** `3 stored, 48.1 kB` as bytes. */
function bytesOf(text: string): number {
  const [, number = "0", unit = "B"] = /([\d.]+) (B|kB|MB)/.exec(text) ?? [];
  return Number(number) * { B: 1, kB: 1e3, MB: 1e6 }[unit as "B" | "kB" | "MB"];
}
