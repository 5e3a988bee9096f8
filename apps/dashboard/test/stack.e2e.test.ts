import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { launchBrowser } from "./browser.ts";
import { type LocalStack, startTestStack, until } from "./local-stack.ts";
import { operatorOf } from "./operator.ts";
import { DESKTOP, overflow, PHONE, settled, violations } from "./visit.ts";

/* The dashboard on the real local stack. Faces that are hard to bring a real stack to: faces.e2e.test.ts. */

let browser: Browser;
let stack: LocalStack;
const { api, signedIn } = operatorOf(
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

async function warmByHand(page: Page, ids: string, transforms: string): Promise<void> {
  await page.goto(`${stack.controlUrl}/runs/new`);
  await page.getByLabel(/Image ids/).fill(ids);
  await page.getByLabel("or transforms").fill(transforms);
  await page.getByText("Ittybit jobs").waitFor();
  await page.getByRole("button", { name: "Start the run" }).click();
  await page.waitForURL(/\/runs\/(?!new)/);
}

const PAGES = [
  "/",
  "/jobs",
  "/images",
  "/images/landscape.jpg",
  "/runs",
  "/runs/new",
  "/jobs/causes?window=all&state=dead",
  "/usage",
  "/usage/sites",
  "/usage/costs",
  "/steering",
  "/system",
];

describe("the dashboard on the local stack", () => {
  it("greets a fresh installation: every page empty, accessible in both themes, on desktop and phone", async () => {
    for (const [theme, viewport] of [
      ["light", DESKTOP],
      ["dark", PHONE],
    ] as const) {
      const { page, faults, close } = await signedIn("/", stack.adminToken, { theme, viewport });
      await page.getByText(/^Healthy/).waitFor();
      const wrong: string[] = [];
      for (const path of PAGES) {
        await page.goto(stack.controlUrl + path);
        await settled(page);
        wrong.push(...(await violations(page)).map((violation) => `${path} ${violation}`));
        if ((await overflow(page)) > 0) wrong.push(`${path} scrolls sideways`);
      }
      expect([wrong, faults]).toEqual([[], []]);
      await close();
    }
  });

  it("warms, watches and shows what was stored: warm → run → jobs → pictures with bytes saved", async () => {
    const { page, faults, close } = await signedIn("/");
    await warmByHand(page, "landscape.jpg\n", "w=400&f=webp w=320&f=jpeg");
    await page.getByText("stored: 2 of 2 variants").waitFor();
    await page.getByRole("link", { name: /stored 2/ }).click();
    await page.getByRole("link", { name: /400 px · webp/ }).click();
    await page.getByText(/saved$/).waitFor();
    const variant = page.getByRole("img", { name: "Variant" });
    await until(
      "the variant shows",
      () => variant.evaluate((image: HTMLImageElement) => image.naturalWidth),
      (width) => width === 400,
    );
    const original = page.getByRole("img", { name: "Original" });
    await until(
      "the original shows",
      () => original.evaluate((image: HTMLImageElement) => image.naturalWidth),
      (width) => width > 400,
    );
    expect(await violations(page)).toEqual([]);
    await page.goto(`${stack.controlUrl}/images/landscape.jpg`);
    await page.getByText("2 of 2 stored").first().waitFor();
    await page.goto(stack.controlUrl);
    await page.getByRole("link", { name: "2 stored", exact: true }).waitFor();
    expect(faults).toEqual([]);
    await close();
  });

  it("parks a 429 storm without an attempt spent, and goes on when it is over", async () => {
    const { page, close } = await signedIn("/");
    stack.emulator?.control.addFault({ on: "create", fault: { type: "throttled", seconds: 8 } });
    await warmByHand(page, "portrait.jpg\n", "w=320&f=webp w=400&f=webp");
    const run = new URL(page.url()).pathname.split("/").pop() ?? "";
    await page.goto(stack.controlUrl);
    await page
      .getByRole("region", { name: "Health" })
      .getByText(/429|throttl|slow down|asked to wait/i)
      .first()
      .waitFor();
    await page.goto(`${stack.controlUrl}/jobs?run=${run}`);
    await page.getByRole("table").waitFor();
    expect(await page.locator("td[data-label=Attempts]").allInnerTexts()).toEqual(["0", "0"]);
    expect(await page.locator("td[data-label=State]").allInnerTexts()).not.toContain("dead");
    stack.emulator?.control.clearFaults();
    await page.goto(`${stack.controlUrl}/runs/${run}`);
    await page.getByText("stored: 2 of 2 variants").waitFor();
    await page.getByRole("link", { name: /stored 2/ }).waitFor();
    await close();
  });

  it("shows the dead by cause, and retries all of a cause until they are stored", async () => {
    const { page, close } = await signedIn("/");
    stack.emulator?.control.addFault({ fault: { type: "failed" } });
    await warmByHand(page, "cut-out.png\n", "w=320&f=webp w=400&f=jpeg");
    await page.getByRole("link", { name: /dead 2/ }).waitFor();
    stack.emulator?.control.clearFaults();
    await page.goto(`${stack.controlUrl}/jobs/causes?window=all&state=dead`);
    await page
      .getByText(/encoder gave up/)
      .first()
      .waitFor();
    expect(await violations(page)).toEqual([]);
    await page.getByRole("button", { name: /^Retry dead…/ }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByRole("button", { name: "Retry 2 jobs" }).click();
    await dialog.getByText("2 of 2").waitFor();
    await page.keyboard.press("Escape");
    await page.getByText("No dead letters in this period", { exact: true }).waitFor();
    const { variants } = await until(
      "both are stored",
      () => api<{ variants: { state: string }[] }>("/images/cut-out.png"),
      (seen) => seen.variants.every(({ state }) => state === "stored"),
    );
    expect(variants).toHaveLength(2);
    await close();
  });

  it("says when Ittybit refuses the account, parks everything, and goes on once the breaker is reset", async () => {
    const { page, close } = await signedIn("/");
    stack.emulator?.control.addFault({ fault: { type: "status", status: 402, message: "Payment required" } });
    await warmByHand(page, "phone.jpg\n", "w=320&f=webp w=400&f=webp");
    const run = page.url();
    await page.goto(`${stack.controlUrl}/jobs`);
    await page.getByText(/402/).first().waitFor();
    stack.emulator?.control.clearFaults();
    await page.goto(`${stack.controlUrl}/steering`);
    await page.getByRole("button", { name: "Reset the breaker" }).click();
    await page.goto(run);
    await page.getByText("stored: 2 of 2 variants").waitFor();
    await page.getByRole("link", { name: /stored 2/ }).waitFor();
    await close();
  });

  it("pauses a lane, says so, and resumes it; the log tells who", async () => {
    const { page, close } = await signedIn("/steering");
    await page.getByRole("switch", { name: "Lane bulk" }).uncheck();
    await page.getByRole("button", { name: "no end" }).click();
    await page.getByRole("button", { name: "Apply 1 change" }).click();
    await page.getByText("bulk: running → paused.").waitFor();
    await warmByHand(page, "landscape.jpg\n", "w=640&f=webp");
    await page.getByRole("link", { name: /queued 1/ }).waitFor();
    await page.goto(stack.controlUrl);
    await page.getByRole("button", { name: "Resume", exact: true }).waitFor();
    await page.goto(`${stack.controlUrl}/steering`);
    await page.getByRole("switch", { name: "Lane bulk" }).check();
    await page.getByRole("button", { name: "Apply 1 change" }).click();
    await page
      .getByRole("listitem")
      .filter({ hasText: /operator token 1:.*Bulk resumed/ })
      .first()
      .waitFor();
    await until(
      "it is stored",
      () => api<{ variants: { transform: string; state: string }[] }>("/images/landscape.jpg"),
      (seen) => seen.variants.some(({ transform, state }) => transform.includes("w=640") && state === "stored"),
    );
    await close();
  });

  it("changes a limit and a budget live", async () => {
    const { page, close } = await signedIn("/steering");
    await page.getByRole("spinbutton", { name: "Jobs at Ittybit at once" }).fill("7");
    await page.getByRole("spinbutton", { name: "Jobs a month" }).fill("123456");
    await page.getByRole("button", { name: "Apply 2 changes" }).click();
    await page.getByRole("button", { name: /^Raise it: .* → 123,456/ }).click();
    await page.getByText(/^Jobs at Ittybit at once: .* → 7\. Jobs a month: .* → 123,456\.$/).waitFor();
    expect(await api("/gate")).toMatchObject({ concurrency: 7, budget: { monthlyJobs: 123_456 } });
    await close();
  });

  it("purges an image once its id is typed", async () => {
    const { page, close } = await signedIn("/images/cut-out.png");
    await page.getByRole("button", { name: "Purge…" }).click();
    await page.getByLabel("Type cut-out.png to confirm").fill("cut-out.png");
    await page.getByRole("dialog").getByRole("button", { name: "Purge" }).click();
    await until(
      "nothing is left",
      () => api<{ variants: { state: string }[] }>("/images/cut-out.png"),
      (seen) => !seen.variants.some(({ state }) => state === "stored"),
    );
    await close();
  });

  it("keeps what a stranger named an image text", async () => {
    const id = `<img src=x onerror="document.title='pwned'">.jpg`;
    await api("/warm", {
      method: "POST",
      body: JSON.stringify({ items: [{ id, transforms: ["w=320&f=webp"] }], label: id }),
    });
    const { page, faults, close } = await signedIn("/runs");
    await page.getByText(id).first().waitFor();
    await page.goto(`${stack.controlUrl}/jobs?search=${encodeURIComponent('id:"<img"')}`);
    await page.getByText(id).first().waitFor();
    await page.goto(`${stack.controlUrl}/images/${encodeURIComponent(id)}`);
    await page.getByRole("heading", { name: id }).waitFor();
    expect([await page.locator("img[src=x]").count(), (await page.title()).includes("pwned · "), faults]).toEqual([
      0,
      false,
      [],
    ]);
    await close();
  });

  it("says that the server is gone, and keeps what it knew", async () => {
    const { page, close } = await signedIn("/");
    await page.getByRole("region", { name: "Lanes" }).waitFor();
    await page.context().setOffline(true);
    await page
      .getByText(/The server does not answer/)
      .first()
      .waitFor();
    expect(await page.getByRole("region", { name: "Lanes" }).isVisible()).toBe(true);
    await page.context().setOffline(false);
    await page.getByRole("button", { name: "Try now" }).first().click();
    await page
      .getByText(/The server does not answer/)
      .first()
      .waitFor({ state: "detached" });
    await close();
  });
});
