import type { Browser, Locator, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { imageUrl } from "../src/lib/paths.ts";
import { launchBrowser } from "./browser.ts";
import { type LocalStack, signalRuntime, startTestStack, until } from "./local-stack.ts";
import { operatorOf } from "./operator.ts";
import { settled } from "./visit.ts";

/* What an operator sees at 3 am, on the real stack: the cause on the first screen within a poll, the cure one click away. */

let browser: Browser;
let stack: LocalStack;
const { api, signedIn, warm, ended } = operatorOf(
  () => stack,
  () => browser,
);

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

/** Until the page has the answer to a poll that it begins from now on. */
async function polled(page: Page): Promise<void> {
  const request = await page.waitForRequest(/\/api\/v1\/stats$/);
  await (await request.response())?.finished();
}

/** In sight without scrolling: its middle is on the screen, and nothing lies over it. */
async function inSight(what: Locator): Promise<void> {
  await what.waitFor();
  expect(
    await what.evaluate((element) => {
      const { left, top, width, height } = element.getBoundingClientRect();
      const there = document.elementFromPoint(left + width / 2, top + height / 2);
      return there !== null && (element.contains(there) || there.contains(element));
    }),
  ).toBe(true);
}

interface Scene {
  name: string;
  /** Makes it go wrong; resolves with the run that meets it, once the ledger knows. */
  begin(): Promise<string>;
  /** The first thing that the overview says. */
  cause: RegExp;
  /** The link beside it, and the button behind that. */
  link: string;
  cure: RegExp;
}

const warned = (code: string) =>
  until(
    `the server warns of ${code}`,
    () => api<{ troubles: { code: string }[] }>("/stats"),
    ({ troubles }) => troubles.some((trouble) => trouble.code === code),
  );
const fails = (fault: { type: string; [option: string]: unknown }, match?: { options: Record<string, unknown> }) =>
  stack.emulator?.control.addFault({ on: "create", fault, ...(match ? { match } : {}) });
/** Warms five widths, and waits for what the server says of it. */
async function widths(id: string, format: string, warning: string | null): Promise<string> {
  const run = await warm([{ id, transforms: [1, 2, 3, 4, 5].map((n) => `w=${n * 160}&f=${format}`) }]);
  if (warning !== null) await warned(warning);
  return run;
}

const SCENES: readonly Scene[] = [
  {
    name: "Ittybit's 402",
    async begin() {
      fails({ type: "status", status: 402, message: "Payment required" });
      return widths("landscape.jpg", "webp", "breaker");
    },
    cause: /^Ittybit answers 402: billing\. Everything waits since/,
    link: "Steering",
    cure: /^Reset the breaker$/,
  },
  {
    name: "Ittybit's 500 for everything",
    async begin() {
      fails({ type: "status", status: 500, message: "Internal error" });
      return widths("portrait.jpg", "webp", "failing");
    },
    cause: /attempts failed in the last five minutes: \d+ jobs? with "Internal error" \(upstream_unavailable\)/,
    link: "Causes",
    cure: /^(Try now|Retry dead)… upstream/,
  },
  {
    name: "a paused lane",
    async begin() {
      await api("/gate", {
        method: "PATCH",
        body: JSON.stringify({ paused: { bulk: { reason: "the import of May" } } }),
      });
      return widths("phone.jpg", "webp", null);
    },
    cause: /bulk is paused by operator token 1 since .* \(the import of May\)\. \d+ jobs wait/,
    link: "Steering",
    cure: /^Lane bulk$/,
  },
  {
    name: "an encoder that fails on some formats",
    async begin() {
      fails(
        { type: "failed", error: { kind: "internal", message: "encoder out of memory" } },
        { options: { format: "avif" } },
      );
      return widths("landscape.jpg", "avif", "failing");
    },
    cause: /attempts failed in the last five minutes: .*encoder out of memory.*all avif/,
    link: "Causes",
    cure: /^(Try now|Retry dead)… upstream/,
  },
];

describe("a fault names itself and its cure on the first screen, within a poll and a click", () => {
  let page: Page;
  let run = "";
  beforeAll(async () => {
    ({ page } = await signedIn("/"));
  });
  afterEach(async () => void (await api(`/runs/${run}`, { method: "DELETE" })));
  afterAll(() => page?.context().close());

  it.each(SCENES)("$name, while another lane is paused", async ({ begin, cause, link, cure }) => {
    await api("/gate", { method: "PATCH", body: JSON.stringify({ paused: { upload: { reason: "a migration" } } }) });
    await page.getByRole("link", { name: "Overview" }).click();
    run = await begin();
    await polled(page);
    const main = page.getByRole("main");
    await inSight(main.getByText(cause).first());
    await inSight(page.getByText(/upload is paused by .* \(a migration\)/).first());
    await main.getByRole("link", { name: link }).first().click();
    await inSight(
      page
        .getByRole("button", { name: cure })
        .or(page.getByRole("switch", { name: cure }))
        .first(),
    );
  });

  it("a server that hangs, in the lamp and on the page", async () => {
    await page.getByRole("link", { name: "Overview" }).click();
    await page.getByRole("switch", { name: /: Live$/ }).waitFor();
    await api("/gate", { method: "PATCH", body: JSON.stringify({ paused: { upload: true } }) });
    signalRuntime("SIGSTOP");
    try {
      await page.getByRole("switch", { name: /: Stale \d/ }).waitFor();
      await inSight(page.getByText(/The server has not answered for .*These numbers are .* old/));
      await page.locator('.health[data-level="stale"]').waitFor();
      await inSight(page.getByRole("button", { name: "Try now" }).first());
      // Once the server answers again the page may have noticed by itself.
      await page.getByRole("button", { name: "Try now" }).first().click();
    } finally {
      signalRuntime("SIGCONT");
    }
    await page.getByRole("switch", { name: /: Live$/ }).waitFor();
  });
});

describe("1,200 missing originals", () => {
  it("are no healthy system and no run that is done 100 %, and have one number everywhere", async () => {
    const ids = Array.from({ length: 1_200 }, (_, n) => ({
      id: `wrong/prefix/${n}.jpg`,
      transforms: ["w=320&f=webp"],
    }));
    await api("/gate", { method: "PATCH", body: JSON.stringify({ paused: { upload: { reason: "a migration" } } }) });
    const run = await warm(ids);
    expect(await ended(run)).toMatchObject({ states: { refused: 1_200, stored: 0 } });
    const { page, close } = await signedIn("/");
    const main = page.getByRole("main");
    const sentence =
      /1,200 of 1,200 variants of the run .* were refused: of the newest 40 jobs, 40 with .*missing.*all below wrong\/prefix\//;
    await inSight(main.getByText(sentence).first());
    await inSight(main.getByText(/Upload the original/).first());
    await inSight(page.getByText(/upload is paused/).first());
    expect(await page.getByText(/^Healthy/).count()).toBe(0);
    await page.getByRole("link", { name: "1,200 refused" }).waitFor();
    await main.locator(`a[href='/runs/${run}']`).first().click();
    await page.getByText("failed", { exact: true }).waitFor();
    await page.getByText("0 of 1,200 variants; 1,200 have ended").waitFor();
    await page.goto(`${stack.controlUrl}/jobs/causes?window=1h`);
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
    await page.getByText("viewers get its host's 404").waitFor();
    await close();
  });
});

describe("20,400 paused jobs", () => {
  const MANY = 20_399;

  it("have one number in stream, lane, filter, dialog and result, and are searched to their end without a click", async () => {
    await api("/gate", { method: "PATCH", body: JSON.stringify({ paused: { bulk: true } }) });
    const many = Array.from({ length: MANY }, (_, n) => ({ id: `many/${n}.jpg`, transforms: ["w=320&f=webp"] }));
    await warm([...many, { id: "needle/only.jpg", transforms: ["w=320&f=webp"] }]);
    const { page, close } = await signedIn("/");
    await page
      .getByRole("region", { name: "From order to viewer" })
      .getByText(/^20,400 wait/)
      .waitFor();
    await page.getByRole("link", { name: "20,400 wait in bulk" }).click();
    await page.getByTitle("20,400", { exact: true }).first().waitFor();
    await page.goto(`${stack.controlUrl}/jobs?search=only.jpg`);
    await page.getByText("needle/only.jpg").first().waitFor();
    await page.goto(`${stack.controlUrl}/jobs?state=queued&lane=bulk`);
    await page.getByRole("button", { name: "Cancel all queued…" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("Type cancel to confirm").fill("cancel");
    await dialog.getByRole("button", { name: "Cancel 20,400 jobs" }).click();
    await dialog.getByText("20,400 of 20,400", { exact: true }).waitFor();
    await page.keyboard.press("Escape");
    await page.getByText("No job matches").waitFor();
    await close();
  });
});

describe("an address that the page itself produces", () => {
  const ODD = [
    "albums/été 2026/plage.webp",
    "50% off & more?#1+.jpg",
    "wrong/prefix/%2F.jpg",
    "a=b&c:d;e@f/'quoted\".jpg",
  ];

  it("is the same page after a reload, whatever the id holds", async () => {
    await warm(ODD.map((id) => ({ id, transforms: ["w=320&f=webp"] })));
    const { page, close } = await signedIn("/");
    const wrong: string[] = [];
    const done = new Map<string, Looks | null>();
    const open: Address[] = ["/", ...ODD.map(imageUrl)].map(linked);
    for (let next = open.shift(); next !== undefined; next = open.shift()) {
      if (done.has(shapeOf(next.at))) continue;
      done.set(shapeOf(next.at), next.looks);
      await page.goto(stack.controlUrl + next.at);
      await settled(page);
      const looks = await looksOf(page);
      if (/^(Nothing is known|Could not load|Nothing here)/.test(looks.heading))
        wrong.push(`${next.at}: ${looks.heading}`);
      if (next.looks !== null && JSON.stringify(looks) !== JSON.stringify(next.looks))
        wrong.push(`${next.at}: ${JSON.stringify([next.looks, looks])}`);
      open.push(...(await linksOn(page)).map(linked), ...(await turnsOn(page, done)));
    }
    await close();
    expect(wrong).toEqual([]);
    expect([...done.values()].filter((looks) => looks !== null).length).toBeGreaterThan(8);
    for (const id of ODD) expect([...done.keys()]).toContain(imageUrl(id));
  }, 300_000);
});

interface Looks {
  heading: string;
  chosen: string[];
}
interface Address {
  at: string;
  /** Of an address that a button leads to: how the page looked then. */
  looks: Looks | null;
}
const linked = (at: string): Address => ({ at, looks: null });

/** What tells one view from another: its heading and what is chosen on it. */
function looksOf(page: Page): Promise<Looks> {
  return page.evaluate(() => ({
    heading: document.querySelector("main h1, main h2")?.textContent ?? "",
    chosen: [...document.querySelectorAll("main [aria-pressed=true], main :checked, main input[type=search]")].map(
      (one) => (one as HTMLInputElement).value || one.parentElement?.textContent || one.textContent || "",
    ),
  }));
}

function linksOn(page: Page): Promise<string[]> {
  return page
    .locator("a[href^='/']:not([href^='/api/'], [target], [download])")
    .evaluateAll((all) => all.map((one) => one.getAttribute("href") ?? ""));
}

/** Where the buttons lead that choose a range, an order or a kind, and those that turn a page. */
async function turnsOn(page: Page, done: Map<string, unknown>): Promise<Address[]> {
  const found: Address[] = [];
  const buttons = page.locator("main .segments button, main .pager button");
  for (let at = 0; at < (await buttons.count()); at++) {
    if (await buttons.nth(at).isDisabled()) continue;
    await buttons.nth(at).click();
    await settled(page);
    const address = await page.evaluate(() => location.pathname + location.search);
    if (!done.has(shapeOf(address))) found.push({ at: address, looks: await looksOf(page) });
  }
  return found;
}

/** Addresses of one shape are one kind of view: ids of jobs, runs, causes and plain images, and what costs are told apart by, do not tell them apart. */
function shapeOf(address: string): string {
  const plain = address
    .replace(/^\/(jobs|runs)\/(?!new$|causes)[^?]+/, "/$1/x")
    .replace(/(cursor|cause|run|state|lane|search|by|month)=[^&]+/g, "$1=x");
  return /^\/images\/[\w./-]+$/.test(plain) ? "/images/x" : plain;
}

it("typing at 200 to 400 ms a key loses no letter", async () => {
  const { page, close } = await signedIn("/jobs");
  const box = page.getByLabel("Search jobs");
  for (const delay of [210, 305, 338, 390]) {
    await box.fill("");
    await box.pressSequentially("id:hero", { delay });
    expect(await box.inputValue()).toBe("id:hero");
  }
  await page.waitForURL("**/jobs?search=id%3Ahero");
  await close();
});
