import { readFile } from "node:fs/promises";
import { checkReceipt } from "@prewarm/control-schema/receipt-check";
import { parsePem } from "@prewarm/shared/ed25519";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { launchBrowser } from "./browser.ts";
import { until, useSharedStack } from "./local-stack.ts";
import { operatorOf } from "./operator.ts";
import { overflow, PHONE, settled, violations } from "./visit.ts";

/* Any URL, and any verb, on the real local stack: what the page says is compared with what the edge answers. */

const stack = useSharedStack();
let browser: Browser;
let gateBefore: object;
const { api, signedIn, warm, ended } = operatorOf(stack, () => browser);

beforeAll(async () => {
  browser = await launchBrowser();
  const { rate, budget, paused } = await api<{ rate: object; budget: { monthlyJobs: number }; paused: object }>(
    "/gate",
  );
  gateBefore = { rate, budget: { monthlyJobs: budget.monthlyJobs }, paused };
  await ended(await warm([{ id: "check/landscape.jpg", transforms: ["w=400&f=webp", "w=640&f=webp"] }]));
  // From here on nothing is made: what a viewer's request orders must wait.
  await gate({ paused: { live: true, upload: true, bulk: true } });
});
afterAll(async () => {
  expect(await gate(gateBefore)).toMatchObject(gateBefore);
  await browser?.close();
});

const gate = (body: object) => api("/gate", { method: "PATCH", body: JSON.stringify(body) });
const on = (path: string) => `${stack().edgeUrl}/images/${path}`;

const NO_PAUSE = { paused: { live: false, upload: false, bulk: false } };

/** Types into the palette, and takes the first choice, which says this. */
async function take(page: Page, text: string, said: string): Promise<void> {
  await page.keyboard.press("Control+k");
  await page.getByRole("dialog").getByRole("combobox").fill(text);
  await page.getByRole("dialog").getByRole("option").first().getByText(said).waitFor();
  await page.keyboard.press("Enter");
}

/** What the edge answers to a viewer, in the page's words. */
async function answerOf(url: string): Promise<string> {
  const response = await fetch(url, { redirect: "manual", headers: { accept: "image/webp,image/*" } });
  await response.body?.cancel();
  if (response.status >= 400) return "An error";
  if ((response.headers.get("cache-status") ?? "").includes("stand-in")) return "Another stored variant";
  return response.headers.get("content-type") === "image/webp" ? "The variant" : "The original";
}

const rows = (page: Page) => page.locator(".gets li");
const pill = (page: Page, at: number) => rows(page).nth(at).locator(".pill").textContent();

it("says of each URL what its viewer gets, as the edge answers it, and warms what is missing", async () => {
  const urls = [
    on("check/landscape.jpg?w=640&f=webp"),
    on("check/landscape.jpg?w=800&f=webp"),
    on("check/portrait.jpg?w=640&f=webp"),
    on("check/landscape.jpg?w=banana"),
    on("check/landscape.jpg?w=600&f=webp"),
  ];
  const { page, faults, close } = await signedIn("/images");
  await page
    .getByLabel(/^Image id/)
    .fill(`<img srcset="${urls.slice(0, 2).join(" 1x, ")} 2x">\n${urls.slice(2).join("\n")}`);
  await page.getByRole("button", { name: "Check" }).click();
  await page.getByText(/^Not safe to publish yet: \d of 5 URLs/).waitFor();
  for (const [at, url] of urls.entries()) {
    const edge = await answerOf(url);
    expect([url, (await pill(page, at))?.startsWith(edge)]).toEqual([url, true]);
  }
  await rows(page)
    .nth(1)
    .getByText(/The next view orders it|waits for its turn/)
    .waitFor();
  await page.setViewportSize(PHONE);
  expect([await violations(page), await overflow(page), faults]).toEqual([[], 0, []]);
  // The edge has ordered two by our own views; `Warm these` joins them.
  await gate({ paused: { live: false, upload: false, bulk: false } });
  await page.getByRole("button", { name: "Warm these 2" }).click();
  await until(
    "both are stored",
    async () => [await answerOf(urls[1] ?? ""), await answerOf(urls[2] ?? "")],
    (seen) => seen.every((one) => one === "The variant"),
  );
  await until(
    "the page sees them",
    async () => {
      await page.goto(`${stack().controlUrl}/images?${new URLSearchParams({ search: urls.slice(0, 3).join(" ") })}`);
      return page.getByText(/of 3 URLs/).textContent();
    },
    (said) => said === "Safe to publish: 3 of 3 URLs show their variants now.",
  );
  await close();
});

it("goes from a pasted URL to its image, and from there to its jobs, without a search", async () => {
  const url = on("check/landscape.jpg?w=640&f=webp");
  const { page, close } = await signedIn("/");
  await page.keyboard.press("Control+k");
  await page.getByRole("dialog").getByRole("combobox").fill(url);
  expect(await page.getByRole("option").allTextContents()).toEqual([
    expect.stringContaining("check/landscape.jpg"),
    expect.stringContaining("What viewers get now of 1 URL"),
  ]);
  await page.keyboard.press("Enter");
  await page.waitForURL("**/images/check/landscape.jpg");
  await page.goto(`${stack().controlUrl}/jobs`);
  await page.getByLabel("Search jobs").fill(url);
  await page.waitForURL("**/jobs?search=id%3Acheck%2Flandscape.jpg");
  await page.getByRole("link", { name: /check\/landscape\.jpg 640 px · webp · high/ }).waitFor();
  await close();
});

it("reads a sitemap in New run, and says of another site's page which command reads it", async () => {
  const { page, close } = await signedIn("/runs/new");
  const field = page.getByLabel(/^Image ids or URLs/);
  await field.fill(
    `<?xml version="1.0"?>\n<urlset><url><loc>https://shop.example/spring</loc>\n<image:image><image:loc>${on("check/landscape.jpg?w=640&f=webp")}</image:loc></image:image></url></urlset>`,
  );
  await page.getByText("1 of 1 URL").waitFor();
  await page.getByText("Ittybit jobs").waitFor();
  await field.fill("https://shop.example/sitemap.xml");
  await page.getByText("prewarm warm --sitemap 'https://shop.example/sitemap.xml'").waitFor();
  await field.fill("https://shop.example/spring");
  await page.getByText(/curl -s 'https:\/\/shop\.example\/spring' > page\.html && prewarm warm --html/).waitFor();
  expect(await page.getByRole("button", { name: "Start the run" }).isDisabled()).toBe(true);
  await close();
});

it("stops, limits, purges and retries by the palette's verbs", async () => {
  await gate(NO_PAUSE);
  const { page, faults, close } = await signedIn("/");
  await take(page, "stop", "Pause all lanes");
  await page.getByText(/^All lanes are paused\./).waitFor();
  await take(page, "undo", "Undo the last change");
  await page.getByText("Undone.").waitFor();
  expect((await api<{ paused: object }>("/gate")).paused).toEqual({ live: false, upload: false, bulk: false });
  await take(page, "rate 7", "Submissions a second: 7");
  await page.getByText("Submissions a second: 7.").waitFor();
  await take(page, "budget 12,000", "Jobs a month: 12,000");
  await page.getByText("Jobs a month: 12,000.").waitFor();
  expect(await api("/gate")).toMatchObject({
    rate: { perSecond: 7 },
    budget: { monthlyJobs: 12_000 },
    paused: { live: false, upload: false, bulk: false },
  });
  await take(page, "limit", "Change a limit…");
  await page.waitForFunction(() => document.activeElement?.matches("input[type=number]"));
  await take(page, "retry check/cut-out.png", "Jobs of check/cut-out.png that can be retried");
  await page.waitForURL(/\/jobs\?.*state=dead/);
  await take(page, `purge ${on("check/landscape.jpg?w=640")}`, "Purge check/landscape.jpg…");
  await page.getByRole("dialog", { name: /Purge/ }).getByLabel("Type check/landscape.jpg to confirm").waitFor();
  await page.keyboard.press("Escape");
  await take(page, "warm photos/boat.jpg", "Warm photos/boat.jpg…");
  await settled(page);
  expect([await page.getByLabel(/^Image ids or URLs/).inputValue(), faults]).toEqual(["photos/boat.jpg", []]);
  await close();
});

it("removes an image that was viewed, shows what becomes of it, and lifts the block", async () => {
  const id = "check/phone.jpg";
  const url = on(`${id}?w=320&f=webp`);
  await gate(NO_PAUSE);
  await ended(await warm([{ id, transforms: ["w=320&f=webp"] }]));
  expect(await answerOf(url)).toBe("The variant");
  const { page, faults, close } = await signedIn("/");
  await take(page, "delete", "Remove an image…");
  await page.waitForURL("**/images");
  await take(page, `delete ${url}`, `Remove ${id}…`);
  const dialog = page.getByRole("dialog", { name: "Remove this image" });
  await dialog.getByLabel(`Type ${id} to confirm`).fill(id);
  await page.keyboard.press("Enter");
  expect(await dialog.locator("input:invalid").count()).toBe(1);
  await dialog.getByLabel(/^Reason/).fill("ticket 4711");
  await page.keyboard.press("Enter");
  await page.getByText(/^Removed \S+ by operator token 1, ticket 4711$/).waitFor();
  await page.waitForFunction(() => document.activeElement?.id === "main");
  await page.getByText("R2 empty ✓").waitFor();
  const said = await page.locator("main").innerText();
  expect(said).toMatch(new RegExp(`Browsers\\s+until \\d+ \\w+ ${new Date().getUTCFullYear() + 1},`));
  expect(said).not.toMatch(/Warm|Purge|No variant yet|another v/);
  await page.setViewportSize(PHONE);
  expect([await violations(page), await overflow(page), faults]).toEqual([[], 0, []]);
  await until(
    "viewers get none of it",
    async () => (await fetch(url)).status,
    (status) => status === 410,
  );
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("button", { name: "Download the receipt" }).click(),
  ]);
  const pem = await (await fetch(`${stack().controlUrl}/.well-known/prewarm-receipts`)).text();
  const file = await readFile(await download.path(), "utf8");
  expect(await checkReceipt(file, parsePem(pem))).toMatchObject({ receipt: { removed: id, reason: "ticket 4711" } });
  await page.getByRole("button", { name: "Lift the block…" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Lift the block" }).click();
  await page.getByText("Nothing stored yet").waitFor();
  expect(await page.getByRole("button", { name: "Remove…" }).count()).toBe(1);
  await close();
});

it("undoes nothing, and says so, where somebody has changed the gate meanwhile", async () => {
  await gate({ rate: 9 });
  const { page, close } = await signedIn("/");
  await page.keyboard.press("Control+k");
  await page.getByRole("dialog").getByRole("combobox").fill("undo");
  await page.getByRole("option", { name: /Undo the last change/ }).waitFor();
  await page.route("**/api/v1/stats", (route) => route.abort());
  await gate({ rate: 11 });
  await page.keyboard.press("Enter");
  await page.getByText("Nothing was undone: operator token 1 has changed the gate since.").waitFor();
  expect(await api("/gate")).toMatchObject({ rate: { perSecond: 11 } });
  await close();
});
