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
  const { page, faults, close } = await signedIn("/serving");
  await page.getByText("3 views").waitFor();
  await page.getByRole("button", { name: "Warm these 1" }).click();
  await page.waitForURL(/\/runs\/(?!new)/);
  await ended(new URL(page.url()).pathname.split("/").pop() ?? "");
  expect(await view("portrait.jpg?w=640&f=webp")).toMatch(/store; hit$/);
  await api("/gate", { method: "PATCH", body: JSON.stringify({ paused: { live: false } }) });
  expect(faults).toEqual([]);
  await close();
}, 120_000);
