import type { Browser } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { launchBrowser } from "./browser.ts";
import { type LocalStack, startTestStack, until } from "./local-stack.ts";
import { settled, visit } from "./visit.ts";

/* What an operator sees at 3 am, on the real stack: the cause on the first screen within a poll, the cure one click away. */

let browser: Browser;
let stack: LocalStack;

beforeAll(async () => {
  [browser, stack] = await Promise.all([launchBrowser(), startTestStack()]);
});
afterEach(async () => {
  stack.emulator?.control.clearFaults();
  const open = { live: false, upload: false, bulk: false };
  await api("/gate", { method: "PATCH", body: JSON.stringify({ paused: open, breaker: { state: "closed" } }) });
});
afterAll(async () => {
  await browser?.close();
  await stack?.close();
});

async function api<T = Record<string, unknown>>(path: string, init: RequestInit = {}): Promise<T> {
  const response = await fetch(`${stack.controlUrl}/api/v1${path}`, {
    ...init,
    headers: { authorization: `Bearer ${stack.adminToken}`, "content-type": "application/json" },
  });
  return (await response.json()) as T;
}

async function signedIn(path: string) {
  const one = await visit(browser);
  await one.page.goto(stack.controlUrl + path);
  await one.page.getByLabel("Token").fill(stack.adminToken);
  await one.page.getByRole("button", { name: "Sign in" }).click();
  await settled(one.page);
  return one;
}

async function warm(items: object[]): Promise<string> {
  const { run } = await api<{ run: string }>("/warm", { method: "POST", body: JSON.stringify({ items }) });
  return run;
}

interface RunAnswer {
  state: string;
  states: { refused: number; stored: number };
}
const ended = (run: string) =>
  until(
    "the run has ended",
    () => api<RunAnswer>(`/runs/${run}`),
    ({ state }) => state === "done",
    90_000,
  );

describe("a fault names itself on the first screen", () => {
  it("402, while another lane is paused: the sentence, and the reset one click away", async () => {
    await api("/gate", { method: "PATCH", body: JSON.stringify({ paused: { upload: { reason: "a migration" } } }) });
    stack.emulator?.control.addFault({
      on: "any",
      fault: { type: "status", status: 402, message: "Payment required" },
    });
    const run = await warm([{ id: "landscape.jpg", transforms: ["w=160&f=webp"] }]);
    const { page, close } = await signedIn("/");
    const health = page.getByRole("region", { name: "Health" });
    await health.getByText(/Ittybit answers 402: billing\. Everything waits/).waitFor({ timeout: 30_000 });
    await health.getByText(/upload is paused by .* \(a migration\)/).waitFor();
    await page.goto(`${stack.controlUrl}/runs/${run}`);
    await page.getByText(/The breaker is open \(Ittybit answers 402: .*one job is tried at/).waitFor();
    await page.goto(stack.controlUrl);
    await page.getByRole("region", { name: "Health" }).getByRole("link", { name: "Steering" }).first().click();
    stack.emulator?.control.clearFaults();
    await page.getByRole("button", { name: "Reset the breaker" }).click();
    await ended(run);
    await close();
  }, 120_000);

  it("an encoder that fails on one format: named with its format, grouped while it is still retried", async () => {
    stack.emulator?.control.addFault({
      match: { options: { format: "avif" } },
      fault: { type: "failed", error: { kind: "internal", message: "encoder out of memory" } },
    });
    await warm([1, 2, 3, 4, 5].map((n) => ({ id: "landscape.jpg", transforms: [`w=${n * 160}&f=avif`] })));
    const { page, close } = await signedIn("/");
    const health = page.getByRole("region", { name: "Health" });
    await health
      .getByText(/failed in the last five minutes: .*encoder out of memory.*all avif/)
      .waitFor({ timeout: 45_000 });
    await health.getByRole("link", { name: "Causes" }).first().click();
    await page.waitForURL("**/causes?window=5m");
    await page.getByText("encoder out of memory").first().waitFor();
    await page
      .getByRole("button", { name: /^(Try now|Retry dead)/ })
      .first()
      .waitFor();
    await close();
  }, 120_000);

  it("a server that hangs is marked as stale, in the lamp and on the page", async () => {
    const { page, close } = await signedIn("/");
    await page.getByRole("switch", { name: /: Live$/ }).waitFor();
    await page.route("**/api/v1/**", () => undefined);
    await page.getByRole("switch", { name: /: Stale \d+ s$/ }).waitFor({ timeout: 20_000 });
    await page
      .getByText(/What you see is (from|as old)/)
      .first()
      .waitFor({ timeout: 20_000 });
    await page.unroute("**/api/v1/**");
    await page.getByRole("button", { name: "Try now" }).first().click();
    await page.getByRole("switch", { name: /: Live$/ }).waitFor({ timeout: 20_000 });
    await close();
  }, 90_000);
});

describe("1,200 missing originals", () => {
  it("are no healthy system and no run that is done 100 %, and have one number everywhere", async () => {
    const ids = Array.from({ length: 1_200 }, (_, n) => ({
      id: `wrong/prefix/${n}.jpg`,
      transforms: ["w=320&f=webp"],
    }));
    const run = await warm(ids);
    expect(await ended(run)).toMatchObject({ states: { refused: 1_200, stored: 0 } });
    const { page, close } = await signedIn("/");
    const health = page.getByRole("region", { name: "Health" });
    await health
      .getByText(
        /1,200 of 1,2\d\d variants that ended within the hour were refused: 1,200 × .*missing.*all below wrong\/prefix\//,
      )
      .waitFor();
    expect(await page.getByText(/^Healthy/).count()).toBe(0);
    await page.getByRole("link", { name: "1,200 refused jobs" }).waitFor();
    await page.goto(`${stack.controlUrl}/runs/${run}`);
    await page.getByText("failed", { exact: true }).waitFor();
    await page.getByText("0 of 1,200 variants; 1,200 of 1,200 variants have ended").waitFor();
    await page.goto(`${stack.controlUrl}/causes?window=1h`);
    const cause = page.getByRole("listitem").filter({ hasText: "missing" });
    await cause.getByText("1,200 refused").waitFor();
    await cause.getByText("Upload the original").waitFor();
    await cause.getByRole("button", { name: /^Retry refused/ }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Retry 1,200 jobs" }).waitFor();
    await page.keyboard.press("Escape");
    await page.goto(`${stack.controlUrl}/jobs?state=refused`);
    await page.getByRole("button", { name: "Retry all refused…" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Retry 1,200 jobs" }).waitFor();
    await page.keyboard.press("Escape");
    const row = page.locator("tbody [data-row] a").first();
    await row.click();
    await page.getByRole("region", { name: "Why" }).getByText("missing").waitFor();
    await page.getByText("viewers get the 404 of its host").waitFor();
    await close();
  }, 180_000);

  it("are searched to their end without a click", async () => {
    await api("/gate", { method: "PATCH", body: JSON.stringify({ paused: { bulk: true } }) });
    const many = Array.from({ length: 6_000 }, (_, n) => ({ id: `many/${n}.jpg`, transforms: ["w=320&f=webp"] }));
    await warm([...many, { id: "needle/only.jpg", transforms: ["w=320&f=webp"] }]);
    const { page, close } = await signedIn("/jobs?search=only.jpg");
    await page.getByText("needle/only.jpg").first().waitFor({ timeout: 20_000 });
    await api("/actions", {
      method: "POST",
      body: JSON.stringify({ action: "cancel", filter: { search: "id:many/" } }),
    });
    await close();
  }, 120_000);
});

it("an image's page is kept by a reload, a deep link and a link of old, slashes and all", async () => {
  const id = "albums/été 2026/plage.webp";
  const { page, close } = await signedIn("/");
  for (const path of ["albums/%C3%A9t%C3%A9%202026/plage.webp", encodeURIComponent(id)]) {
    await page.goto(`${stack.controlUrl}/images/${path}`);
    await page.getByRole("heading", { name: id }).waitFor();
    await page.reload();
    await page.getByRole("heading", { name: id }).waitFor();
  }
  await close();
}, 60_000);

it("typing at 200 to 400 ms a key loses no letter", async () => {
  const { page, close } = await signedIn("/jobs");
  const box = page.getByLabel("Search jobs");
  for (const delay of [210, 290, 305, 320, 340, 390]) {
    await box.fill("");
    await box.pressSequentially("id:hero", { delay });
    expect(await box.inputValue()).toBe("id:hero");
  }
  await page.waitForURL("**/jobs?search=id%3Ahero");
  await close();
}, 90_000);
