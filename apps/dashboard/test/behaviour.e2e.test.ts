import { describe, expect, it } from "vitest";
import { atFakeApi } from "./at-fake-api.ts";
import { PHONE, settled, violations, visit } from "./visit.ts";

const { at, open, calls } = atFakeApi();

describe("live updates", () => {
  it("stop by the switch and by looking away, and go on at once by looking back, but not while switched off", async () => {
    const { page, close } = await visit(at.browser);
    await page.clock.install();
    await page.goto(at.api.url);
    await page.getByRole("region", { name: "Lanes" }).waitFor();
    const during = async (ms: number) => {
      at.api.received.length = 0;
      await page.clock.runFor(ms);
      await page.evaluate(() => fetch("/icon.svg")); // whatever was asked before this has been sent
      return calls().filter((line) => line.includes("/stats")).length;
    };
    expect(await during(7000)).toBeGreaterThan(0);
    await page.evaluate(() => dispatchEvent(new Event("blur")));
    expect(await during(60_000)).toBe(0);
    const answered = page.waitForResponse(/\/stats/);
    await page.evaluate(() => dispatchEvent(new Event("focus")));
    await answered;
    // A phone that shows another app hides the tab, and the window keeps the focus.
    const become = (state: "hidden" | "visible") =>
      page.evaluate((value) => {
        Object.defineProperty(document, "visibilityState", { value, configurable: true });
        document.dispatchEvent(new Event("visibilitychange"));
      }, state);
    await become("hidden");
    expect(await during(60_000)).toBe(0);
    await become("visible");
    await page.getByRole("switch").click();
    expect(await page.getByRole("switch").getAttribute("aria-checked")).toBe("false");
    await page.evaluate(() => {
      dispatchEvent(new Event("blur"));
      dispatchEvent(new Event("focus"));
    });
    expect(await during(60_000)).toBe(0);
    await page.reload();
    await page.getByRole("switch", { name: /Paused/ }).waitFor();
    await close();
  });

  it("tell ages by the server's clock, however wrong the browser's is", async () => {
    for (const wrongMs of [600_000, -600_000]) {
      const { page, close } = await visit(at.browser);
      await page.clock.install({ time: Date.now() + wrongMs });
      await page.goto(`${at.api.url}/runs`);
      await page.locator("[data-row=run_0]").waitFor();
      expect(await page.locator("[data-row=run_0] time").innerText()).toBe("15 min ago");
      await close();
    }
  });

  it("bring the new code of a page that a deploy has replaced, once, and show what fails again", async () => {
    const { page, close } = await visit(at.browser);
    let isGone = true;
    let reloads = 0;
    await page.route(/assets\/pages-.*\.js/, (route) => (isGone ? route.abort() : route.continue()));
    page.on("request", (request) => {
      if (!request.isNavigationRequest() || !request.url().endsWith("/steering")) return;
      isGone = false;
      reloads += 1;
    });
    await page.goto(at.api.url);
    await page.getByRole("link", { name: "Steering" }).first().click();
    await page.getByRole("switch", { name: "Lane live" }).waitFor();
    isGone = true;
    await page.goto(at.api.url);
    await page.getByRole("link", { name: "Steering" }).first().click();
    await page.getByRole("heading", { name: "Could not load this page" }).waitFor();
    expect(reloads).toBe(1);
    await close();
  });

  it("show what was known when the server fails, say since when, and recover without a reload", async () => {
    const { page, close } = await open("/");
    at.api.mode = "failing";
    await page.getByText(/The ledger does not answer\. These numbers are .* old/).waitFor();
    expect(await page.getByRole("region", { name: "Lanes" }).isVisible()).toBe(true);
    at.api.mode = "busy";
    await page.getByRole("button", { name: "Try now" }).first().click();
    await page
      .getByText(/These numbers are/)
      .first()
      .waitFor({ state: "detached" });
    await close();
  });

  it("end the wait for a server that never answers, and link to what says why it cannot", async () => {
    const { page, close } = await visit(at.browser);
    // A hundred times as fast: the limit is the browser's own, which no clock of a test moves.
    await page.addInitScript(`{
      const timeout = AbortSignal.timeout.bind(AbortSignal);
      AbortSignal.hurry = 100;
      AbortSignal.timeout = (ms) => timeout(ms / AbortSignal.hurry);
    }`);
    await page.route("**/api/v1/session", () => undefined);
    await page.goto(at.api.url);
    await page.getByRole("alert").getByRole("heading", { name: "Could not load the dashboard" }).waitFor();
    await page.unroute("**/api/v1/session");
    // An answer, as slow as this machine may be.
    await page.evaluate("AbortSignal.hurry = 1");
    at.api.mode = "failing";
    await page.getByRole("button", { name: "Try again" }).click();
    const link = page.getByRole("alert").getByRole("link", { name: "/readyz" }).first();
    expect(await link.getAttribute("href")).toBe("/readyz");
    await page.getByRole("switch", { name: "Live updates: No answer" }).waitFor();
    await close();
  });

  it("lead to the sign-in when the session has ended", async () => {
    const { page, close } = await open("/jobs");
    at.api.role = null;
    await page.getByLabel("Token").waitFor();
    await close();
  });
});

describe("the jobs page", () => {
  it("keeps its filter in the URL: reload, link and back show the same", async () => {
    const { page, close } = await open("/jobs");
    await page.getByRole("checkbox", { name: /^dead/ }).check();
    await page.getByRole("checkbox", { name: /^retrying/ }).check();
    await page.waitForURL("**/jobs?state=retrying&state=dead");
    await page.waitForFunction(() =>
      [...document.querySelectorAll("tbody .badge")].every((badge) => /dead|retrying/.test(badge.textContent ?? "")),
    );
    await page.reload();
    await settled(page);
    expect([
      await page.getByRole("checkbox", { name: /^dead/ }).isChecked(),
      await page.getByRole("checkbox", { name: /^queued/ }).isChecked(),
    ]).toEqual([true, false]);
    await page.goBack();
    await page.waitForURL("**/jobs?state=dead");
    await close();
  });

  it("lets refused jobs be chosen, says why one was, and lets it be retried", async () => {
    const { page, close } = await open("/jobs");
    await page.getByRole("checkbox", { name: /^refused/ }).check();
    await page.waitForURL("**/jobs?state=refused");
    await page.getByRole("button", { name: "Retry all refused…" }).waitFor();
    await page.goto(`${at.api.url}/jobs/00000000007`);
    await page.getByText("cdn.example.com answered 404.").first().waitFor();
    await page.locator("[data-retry-page]").click();
    await page.getByText("Queued again.").waitFor();
    expect(calls()).toContain("POST /api/v1/jobs/00000000007/retry");
    await close();
  });

  it("says of what was stored how long it stood in line and how long Ittybit worked", async () => {
    const { page, close } = await open("/jobs/00000000005");
    const line = page.getByRole("region", { name: "Timeline" });
    await line.getByText(/Submitted to Ittybit after 10 min in the queue/).waitFor();
    await line.getByText(/Stored 10 min after it was accepted. Ittybit worked on it for 2.1 s\./).waitFor();
    await close();
  });

  it("pages through all without a skip, a double or a flash", async () => {
    const { page, close } = await open("/jobs?state=dead");
    await page.evaluate(() => {
      const watch = globalThis as unknown as { fewest: number };
      watch.fewest = Number.POSITIVE_INFINITY;
      const count = () => (watch.fewest = Math.min(watch.fewest, document.querySelectorAll("tbody [data-row]").length));
      new MutationObserver(count).observe(document.body, { childList: true, subtree: true });
    });
    const rows = () =>
      page.locator("tbody [data-row]").evaluateAll((all) => all.map((row) => row.getAttribute("data-row") ?? ""));
    const seen = await rows();
    const first = seen[0];
    await page.getByRole("button", { name: "Older" }).click();
    await page.waitForFunction(
      (before) => document.querySelector("tbody [data-row]")?.getAttribute("data-row") !== before,
      first,
    );
    seen.push(...(await rows()));
    const expected = Array.from({ length: 480 }, (_, index) => index)
      .filter((index) => index % 10 === 0 || index % 10 === 9)
      .map((index) => index.toString(36).padStart(11, "0"));
    expect(seen).toEqual(expected.slice(0, 96));
    expect(await page.evaluate(() => (globalThis as unknown as { fewest: number }).fewest)).toBeGreaterThanOrEqual(46);
    await page.getByRole("button", { name: "Newer" }).click();
    await page.waitForFunction(
      (before) => document.querySelector("tbody [data-row]")?.getAttribute("data-row") === before,
      first,
    );
    await close();
  });

  it("shows errors in the rows, and takes a search's word out by its chip", async () => {
    const { page, close } = await open("/jobs?search=error:output_invalid");
    await page.getByText("The output is 799 px wide, not 800.").first().waitFor();
    await page.getByRole("link", { name: "Remove error: output_invalid" }).click();
    await page.waitForURL("**/jobs");
    await close();
  });

  it("counts beside the boxes only what they would show: not beside a search or a run, which narrow the list", async () => {
    const { page, close } = await open("/jobs?state=dead");
    const counts = page.locator(".facet .num");
    await page.locator(".facet[data-state=dead] .num").getByText("284").waitFor();
    for (const narrower of ["search=hero", "run=run_0"]) {
      await page.goto(`${at.api.url}/jobs?${narrower}`);
      await settled(page);
      await page
        .getByRole("link", { name: "Jobs" })
        .getByText(/k open$/)
        .waitFor(); // the numbers are here
      expect(await counts.count()).toBe(0);
    }
    await page.getByRole("link", { name: "Remove run run_0" }).click();
    await counts.first().waitFor();
    await close();
  });

  it("exports the filter as CSV and NDJSON, streamed by the server", async () => {
    const { page, close } = await open("/jobs?state=dead");
    const links = await page
      .getByRole("link", { name: /of all that match/ })
      .evaluateAll((all) => all.map((one) => [one.getAttribute("href"), one.getAttribute("download")]));
    expect(links).toEqual([
      ["/api/v1/jobs.csv?state=dead", "jobs.csv"],
      ["/api/v1/jobs.ndjson?state=dead", "jobs.ndjson"],
    ]);
    await close();
  });
});

describe("a new run", () => {
  it("shows its dry run before the button works, and again after a change", async () => {
    const { page, close } = await open("/runs/new");
    const start = page.getByRole("button", { name: "Start the run" });
    expect(await start.isDisabled()).toBe(true);
    await page.getByLabel(/Image ids/).fill("a\nb\n");
    await page.getByLabel("Recipe").selectOption("social");
    await page.getByText("0.02 (2 per 1,000 jobs)").waitFor();
    expect(await start.isEnabled()).toBe(true);
    await page.getByLabel(/Image ids/).fill("a\nb\nc\n");
    expect(await start.isDisabled()).toBe(true);
    await page.getByText("0.04 (2 per 1,000 jobs)").waitFor();
    const sent = page.waitForRequest(
      (request) => new URL(request.url()).searchParams.has("dryRun") === false && request.method() === "POST",
    );
    await start.click();
    expect((await sent).postData()).toContain('"recipe":"social"');
    await page.waitForURL("**/runs/run_0");
    expect(calls().filter((line) => line === "POST /api/v1/warm")).toHaveLength(1);
    await close();
  });
});

it("a limit that is out of range says the range, and cannot be applied", async () => {
  const { page, close } = await open("/steering");
  for (const [field, value, words] of [
    ["Submissions a second", "0", "A number from 0.1 to 10,000"],
    ["Jobs at Ittybit at once", "1.5", "A whole number from 1 to 10,000"],
  ] as const) {
    const form = page.locator(".number-form", { has: page.getByRole("spinbutton", { name: field }) });
    await form.getByRole("spinbutton").fill(value);
    await form.getByRole("status").getByText(words, { exact: true }).waitFor();
    expect(await page.getByRole("button", { name: /^Apply/ }).isDisabled()).toBe(true);
    await form.getByRole("spinbutton").fill("7");
    await form.getByRole("status").waitFor({ state: "detached" });
    expect(await page.getByRole("button", { name: /^Apply/ }).isEnabled()).toBe(true);
  }
  await close();
});

it("changes lanes, limits and budget in one call, after it has shown what changes", async () => {
  const { page, close } = await open("/steering");
  await page.getByRole("switch", { name: "Lane live" }).uncheck();
  await page.getByLabel("Reason (optional)").fill("the price is checked");
  await page.getByRole("spinbutton", { name: "Burst" }).fill("7");
  await page.getByRole("spinbutton", { name: "Jobs a month" }).fill("");
  const changes = page.getByRole("region", { name: "Changes" });
  expect(await changes.getByRole("listitem").allTextContents()).toEqual([
    ...["live: running → paused for 1 h: the price is checked", "Burst: 20 → 7", "Jobs a month: 100,000 → unlimited"],
  ]);
  const sent = page.waitForRequest((request) => request.method() === "PATCH");
  await changes.getByRole("button", { name: "Apply 3 changes" }).click();
  await changes.getByRole("button", { name: "Raise it: 100,000 → unlimited, at any cost" }).click();
  expect((await sent).postDataJSON()).toEqual({
    paused: { live: { reason: "the price is checked", until: expect.any(Number) } },
    rate: { burst: 7 },
    budget: { monthlyJobs: null },
  });
  await changes.waitFor({ state: "detached" });
  expect(calls().filter((line) => line.startsWith("PATCH"))).toEqual(["PATCH /api/v1/gate"]);
  await page.getByRole("spinbutton", { name: "Burst" }).fill("9");
  await changes.getByRole("button", { name: "Discard" }).click();
  await changes.waitFor({ state: "detached" });
  await close();
});

it("raises the budget only by a second Enter, after its price was said", async () => {
  const { page, close } = await open("/");
  const patches = () => calls().filter((line) => line.startsWith("PATCH"));
  const before = patches().length;
  await page.keyboard.press("Control+k");
  await page.getByRole("dialog").getByRole("combobox").fill("budget 800000");
  const first = page.getByRole("dialog").getByRole("option").first();
  await first.getByText("Jobs a month: 100,000 → 800,000, at most 1,400.00 more").waitFor();
  await page.keyboard.press("Enter");
  await first.getByText("Enter again to do it").waitFor();
  expect(patches()).toHaveLength(before);
  const sent = page.waitForRequest((request) => request.method() === "PATCH");
  await page.keyboard.press("Enter");
  expect((await sent).postDataJSON()).toEqual({ budget: { monthlyJobs: 800_000 } });

  await page.goto(`${at.api.url}/steering`);
  await page.getByRole("spinbutton", { name: "Jobs a month" }).fill("800000");
  await page.getByRole("button", { name: "Apply 1 change" }).press("Enter");
  await page.getByText("Jobs a month: 100,000 → 800,000, at most 1,400.00 more. Press again").waitFor();
  expect(patches()).toHaveLength(before + 1);
  const again = page.waitForRequest((request) => request.method() === "PATCH");
  await page.keyboard.press("Enter");
  expect((await again).postDataJSON()).toEqual({ budget: { monthlyJobs: 800_000 } });
  await close();
});

it("shows the last report of each site's coverage with its age, and what would mend it", async () => {
  const { page, close } = await open("/usage/sites");
  const shop = page.getByRole("region", { name: "shop" });
  await shop.waitFor();
  const text = await shop.innerText();
  expect(text).toContain("99.8 % of the image URLs of 500 pages are warm, 14 are not, and 1 page could not be read.");
  expect(text).toMatch(/ci reported dist [\d.]+ min ago/);
  expect(text).toContain("shop?w=960: shop, https://shop.example.com/shop");
  expect(text).toContain("pages.widths: add 960 would warm 2 URLs, for 3 jobs an upload.");
  expect(await page.getByRole("region", { name: "blog" }).innerText()).toContain("100 % of the image URLs");
  expect(await violations(page)).toEqual([]);
  await close();
});

it("leads from a cause to its jobs, by a search that the jobs page can change", async () => {
  const { page, close } = await open("/jobs/causes?window=all&state=dead");
  await page.locator("[data-row=fp0]").getByRole("link", { name: /dead$/ }).click();
  await page.getByRole("heading", { name: "Jobs" }).waitFor();
  expect(new URL(page.url()).search).toBe("?state=dead&search=cause%3Afp0");
  await close();
});

it("searches the audit log by the server, in the address", async () => {
  const { page, close } = await open("/steering?audit=7");
  const box = page.getByRole("searchbox", { name: "Search the audit log" });
  await box.fill("anna purge");
  const asked = page.waitForRequest((one) => new URL(one.url()).searchParams.get("search") === "anna purge");
  await box.press("Enter");
  expect(new URL((await asked).url()).pathname).toBe("/api/v1/audit");
  await page.waitForURL("**/steering?log=anna+purge");
  await page.reload();
  expect(await box.inputValue()).toBe("anna purge");
  await close();
});

describe("an image", () => {
  it("lays a chosen variant over its original, tells who asked and what was paid, and what its recipe lacks", async () => {
    const { page, close } = await open("/images/products/oak-chair");
    const grid = page.getByRole("region", { name: "Bytes by width and format" });
    await grid.getByRole("button", { name: "640 px · avif" }).click();
    const over = page.locator(".wipe img").nth(1);
    expect([await over.getAttribute("alt"), await over.getAttribute("src")]).toEqual([
      "avif 640 px",
      "/api/v1/thumbs/products%2Foak-chair?key=products%252Foak-chair%2F2",
    ]);
    expect(await grid.getByRole("button", { name: "1080 px · jpeg" }).innerText()).toMatch(/not made$/);
    await page.getByRole("button", { name: "640 × 480 px · avif" }).click();
    await page.getByText(/could not decode the input/).waitFor();
    expect(await page.locator(".wipe img").count()).toBe(1);
    const facts = page.getByRole("region", { name: "Facts" });
    for (const said of [/^Catalogue 2027, anna, .* \(11 variants\)$/, /^hook uploads, delivery of .*/, /^viewers, /])
      await facts.getByRole("listitem").filter({ hasText: said }).waitFor();
    await facts.getByText("25 jobs, 0.04").waitFor();
    await page.getByText("lacks: 1 of 6. 1 job, less than 0.01.").waitFor();
    await close();
  });

  it("has its focal point set by a click or by keys", async () => {
    const { page, close } = await open("/images/products/oak-chair");
    await page.getByRole("button", { name: "Move it" }).click();
    const point = page.getByRole("button", { name: /^Focal point/ });
    await point.press("ArrowRight");
    await page.getByText("31 % from the left, 25 % from the top.").waitFor();
    const asked = page.waitForRequest((one) => one.method() === "PUT");
    await page.getByRole("button", { name: "Save" }).click();
    expect((await asked).postDataJSON()).toEqual({ focal: [0.31, 0.25] });
    await close();
  });
});

describe("a purge", () => {
  it("wants the id typed", async () => {
    const { page, close } = await open("/images/products%2Foak-chair");
    await page.getByRole("button", { name: "Purge…" }).click();
    const purge = page.getByRole("dialog").getByRole("button", { name: "Purge" });
    expect(await purge.isDisabled()).toBe(true);
    await page.getByLabel("Type products/oak-chair to confirm").fill("products/oak-chair");
    expect(await violations(page)).toEqual([]);
    await purge.click();
    await page.getByText("Purging.").waitFor();
    expect(calls()).toContain("DELETE /api/v1/images/products%2Foak-chair");
    await close();
  });
});

describe("what makes it pleasant", () => {
  it("copies a job as curl without the token", async () => {
    const { page, close } = await open("/jobs/00000000000");
    await page.getByRole("button", { name: "Copy as curl" }).click();
    await page.getByText("The command copied.").waitFor();
    expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(
      `curl -X POST -H "Authorization: Bearer $ADMIN_TOKEN" '${at.api.url}/api/v1/jobs/00000000000/retry'`,
    );
    await close();
  });

  it("tells the environment, and the exact time on hover, local and in UTC", async () => {
    const { page, close } = await open("/jobs");
    expect(await page.locator(".environment").innerText()).toBe("staging");
    expect(await page.locator("tbody time").first().getAttribute("title")).toMatch(
      /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d \S+ · \d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} UTC$/,
    );
    await close();
  });

  it("keeps the chosen theme", async () => {
    const { page, close } = await open("/");
    await page.keyboard.press("t");
    await page.keyboard.press("t");
    await page.reload();
    await settled(page);
    expect(await page.evaluate(() => document.documentElement.dataset.theme)).toBe("dark");
    await close();
  });

  it("can be reached and steered on a phone", async () => {
    const { page, close } = await open("/", { viewport: PHONE });
    await page.getByRole("navigation", { name: "Pages" }).getByRole("link", { name: "Steering" }).click();
    await page.getByRole("switch", { name: "Lane live" }).uncheck();
    await page.getByRole("button", { name: "Apply 1 change" }).click();
    await page.getByText("live: running → paused for 1 h.").waitFor();
    await close();
  });
});

it("shows pictures by the API: from the edge they would count as views", async () => {
  const { page, close } = await visit(at.browser);
  const asked: string[] = [];
  page.on("request", (request) => void asked.push(request.url()));
  for (const path of ["/jobs/00000000005", "/images/photos/summer/1.jpg"]) {
    await page.goto(`${at.api.url}${path}`);
    const variant = page.locator('main img[src*="/api/v1/thumbs/"][src*="?key="]').first();
    await variant.waitFor();
    expect(await variant.evaluate((image: HTMLImageElement) => image.decode())).toBeUndefined();
  }
  expect(asked.filter((url) => url.endsWith("?edge"))).toEqual([]);
  await close();
});
