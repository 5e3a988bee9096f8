import type { launchBrowser } from "../../../dashboard/test/browser.ts";

type Page = Awaited<ReturnType<Awaited<ReturnType<typeof launchBrowser>>["newPage"]>>;

/** Resolves when the bar of `prewarm try` has measured the page once more, as it is now: a round ends before the next one asks. */
export async function measuredAgain(page: Page): Promise<void> {
  for (let n = 0; n < 2; n += 1) await page.waitForResponse((answer) => answer.url().includes("/.prewarm/bar.json"));
}
