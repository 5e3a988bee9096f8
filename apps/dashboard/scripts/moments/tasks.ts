import type { Locator, Page } from "playwright-core";
import type { Scene } from "./scene.ts";

/* The eighteen tasks of an operator, by real clicks and keys, each with a clock. */

export interface Task {
  name: string;
  /** Null: it does not work; `fault` says why. */
  seconds: number | null;
  clicks: number;
  fault: string | null;
}

/** An operator at a page: every click is counted, and a field takes its text as a paste. */
export interface Hand {
  page: Page;
  click(what: Locator): Promise<void>;
  /** Ctrl K, the text, Enter. */
  palette(text: string, choice?: string): Promise<void>;
  see(what: Locator): Promise<void>;
}

export interface Known {
  /** A run whose variants are all stored. */
  complete: string;
  /** An image whose original is missing, one that is stored, and one to purge. */
  missing: string;
  stored: string;
  purged: string;
  /** A run that has much left. */
  base: string;
  /** What the clock shows when the faults began: `14:05`. */
  time: string;
}

/** Longest that an operator waits for one step, in ms. */
const STEP_MS = 30_000;

export async function tryTasks(scene: Scene, known: Known): Promise<Task[]> {
  const done: Task[] = [];
  const url = (id: string) => `${scene.stack.edgeUrl}/images/${id}?w=640&f=webp`;
  for (const [name, begin, act] of TASKS) {
    const { page, close } = await scene.signedIn(begin);
    page.setDefaultTimeout(STEP_MS);
    let clicks = 0;
    const hand = handAt(page, () => {
      clicks += 1;
    });
    const started = performance.now();
    const fault = await act(hand, known, url).then(
      () => null,
      (error: Error) => error.message.split("\n").slice(0, 3).join(" "),
    );
    const seconds = fault === null ? (performance.now() - started) / 1000 : null;
    done.push({ name, seconds, clicks, fault });
    console.log(JSON.stringify(done.at(-1)));
    await close();
  }
  return done;
}

function handAt(page: Page, count: () => void): Hand {
  return {
    page,
    click: async (what) => {
      count();
      await what.click();
    },
    palette: async (text, choice) => {
      await page.keyboard.press("Control+k");
      await page.getByRole("dialog").getByRole("combobox").fill(text);
      if (choice !== undefined)
        await page.getByRole("option", { name: choice }).and(page.locator("[aria-selected=true]")).waitFor();
      await page.keyboard.press("Enter");
    },
    see: (what) => what.first().waitFor(),
  };
}

type Act = (hand: Hand, known: Known, url: (id: string) => string) => Promise<void>;

const TASKS: readonly [name: string, begin: string, act: Act][] = [
  [
    "1 why is this image not warm",
    "/",
    async ({ page, palette, click, see }, known) => {
      await palette(known.missing);
      await see(page.getByRole("heading", { name: known.missing }));
      await click(page.locator(".cell[data-state=refused]").first());
      await see(page.getByText("the original does not exist"));
    },
  ],
  ["2 why did many fail, retry only those", "/", retryOne],
  [
    "3 stop spending now",
    "/",
    async ({ page, palette, see }) => {
      await palette("stop");
      await see(page.getByText(/All lanes are paused/));
      await palette("undo");
      await see(page.getByText("Undone."));
    },
  ],
  [
    "4 raise the limit",
    "/",
    async ({ page, palette, click, see }) => {
      await palette("limit");
      await page.getByRole("spinbutton", { name: "Jobs at Ittybit at once" }).fill("60");
      await see(page.getByText("→ 60"));
      await click(page.getByRole("button", { name: "Apply 1 change" }));
      await see(page.getByText(/→ 60\.$/));
    },
  ],
  [
    "5 purge an image and be sure",
    "/",
    async ({ page, palette, click, see }, known) => {
      await palette(`purge ${known.purged}`);
      await page.getByLabel(`Type ${known.purged} to confirm`).fill(known.purged);
      await click(page.getByRole("dialog").getByRole("button", { name: "Purge" }));
      const facts = page.getByRole("region", { name: "Facts" });
      await see(facts.getByText(/none in R2 since/));
      await see(facts.getByText(/(none at edges since|at edges until)/));
      await see(facts.getByText(/in browsers/));
      await see(facts.getByText(/R2 is searched once more/));
    },
  ],
  [
    "6 what did a hook deliver",
    "/",
    async ({ page, palette, see }) => {
      await palette("system");
      await see(page.getByRole("row").filter({ hasText: "uploads" }).filter({ hasText: "accepted" }));
    },
  ],
  [
    "7 a job by an address from a page's HTML",
    "/",
    async ({ page, palette, click, see }, known, url) => {
      await palette(`<img src="${url(known.stored)}" alt="">`);
      await see(page.getByRole("heading", { name: known.stored }));
      await click(page.getByRole("button", { name: /^640 px · webp/ }).first());
      await click(page.getByRole("link", { name: "Its job", exact: true }));
      await see(page.locator(".crumbs", { hasText: /^Jobs \/ \w{11}/ }));
    },
  ],
  [
    "8 is it safe to publish a page",
    "/",
    async ({ page, palette, see }, known, url) => {
      await palette(`<img src="${url(known.stored)}"><img src="${url(known.missing)}">`);
      await see(page.getByText("Not safe to publish yet: 1 of 2 URLs shows its variant now."));
    },
  ],
  [
    "9 warm a sitemap",
    "/runs/new",
    async ({ page, click, see }, _, url) => {
      const list = ["sitemap/a", "sitemap/b"].map((id) => `<image:loc>${url(id).replaceAll("&", "&amp;")}</image:loc>`);
      await page.getByLabel(/Image ids/).fill(`<urlset><url>${list.join("")}</url></urlset>`);
      await see(page.getByRole("button", { name: "Warm these 2" }));
      await click(page.getByRole("button", { name: "Warm these 2" }));
      await see(page.getByRole("heading", { name: "warmed by their URLs" }));
    },
  ],
  [
    "10 which images cost most",
    "/images",
    async ({ page, click, see }) => {
      await click(page.getByRole("link", { name: "Usage", exact: true }));
      await click(page.getByRole("link", { name: "Costs", exact: true }));
      await click(page.getByRole("button", { name: "Image", exact: true }));
      await see(page.getByRole("row", { name: /^done\/a / }));
    },
  ],
  [
    "11 prove a run complete",
    "/runs",
    async ({ page, click, see }, known) => {
      await click(page.locator(`a[href="/runs/${known.complete}"]`).first());
      await click(page.getByRole("button", { name: "Check against R2" }));
      await see(page.getByText(/are in R2: the run is complete/));
      await see(page.getByRole("button", { name: "Download the receipt" }));
    },
  ],
  [
    "12 what changed at a time",
    "/steering",
    async ({ page, see }, known) => {
      await page.getByRole("searchbox", { name: "Search the audit log" }).fill(known.time);
      await page.keyboard.press("Enter");
      await see(page.locator(".log-minute").filter({ hasText: "automatic" }).filter({ hasText: "breaker opened" }));
    },
  ],
  [
    "13 who asked for this image",
    "/",
    async ({ page, palette, see }, known) => {
      await palette(known.stored);
      await see(page.getByRole("region", { name: "Facts" }).getByText("yesterday's run"));
    },
  ],
  [
    "14 when is a run done, by the clock",
    "/runs",
    async ({ page, click, see }, known) => {
      await click(page.locator(`a[href="/runs/${known.base}"]`).first());
      await see(page.getByRole("region", { name: "Numbers" }).getByText(/\d\d:\d\d \(\d\d:\d\d–/));
    },
  ],
  [
    "15 let a run go first, and take that back",
    "/runs",
    async ({ page, click, see }, known) => {
      await click(page.locator(`a[href="/runs/${known.base}"]`).first());
      await click(page.getByRole("button", { name: /^First: / }));
      await see(page.getByText(/goes first in bulk\./));
      await click(page.getByRole("button", { name: /^In turn: / }));
      await see(page.getByText(/takes turns again\./));
    },
  ],
  [
    "16 which AVIF jobs of a folder failed",
    "/jobs",
    async ({ page, see }) => {
      await page.getByLabel("Search jobs").fill("id:broken/ format:avif error:upstream_rejected");
      await page.keyboard.press("Enter");
      await see(
        page
          .getByRole("row")
          .filter({ hasText: /broken\/\d+/ })
          .filter({ hasText: "avif" }),
      );
    },
  ],
  [
    "17 raise the budget, and be asked first",
    "/",
    async ({ page, palette, see }) => {
      await palette("budget 2000000");
      const choice = page.getByRole("dialog").getByRole("option").first();
      await see(choice.getByText("1,000,000 → 2,000,000"));
      await see(choice.getByText("Enter again to do it"));
      await page.keyboard.press("Enter");
      await page.getByRole("dialog").waitFor({ state: "hidden" });
      await see(page.getByText(/Jobs a month: 2,000,000/));
    },
  ],
  [
    "18 who is told, and does it arrive",
    "/",
    async ({ page, palette, click, see }) => {
      await palette("system");
      await click(page.getByRole("button", { name: "Send a test" }));
      await see(page.getByText("A test event goes to 1 endpoint."));
      const test = page.getByText("test", { exact: true });
      await see(page.getByRole("row").filter({ has: test }).filter({ hasText: "delivered" }));
    },
  ],
];

/** From the overview's trouble to its run, and five of the cause first. */
async function retryOne({ page, click, see }: Hand): Promise<void> {
  const trouble = page.locator(".health, .need").filter({ hasText: "a wrong prefix" });
  await click(trouble.getByRole("link", { name: "Look" }).first());
  await click(page.getByRole("button", { name: /^Retry refused/ }).first());
  const dialog = page.getByRole("dialog");
  await click(dialog.getByRole("button", { name: /^Retry [\d,]+ jobs?$/ }));
  await see(dialog.getByText(/go first; the others follow|Stopped: not all of the first few were stored/));
}
