import type { Stats } from "@prewarm/control-schema/stats";
import type { Page } from "playwright-core";
import { LANES } from "../../src/lib/job-filter.ts";
import { JOB_MS, type Scene, until } from "./scene.ts";

/* The ten moments: a fault begins or ends, and the page, the ledger and the local Ittybit are asked within the same second. */

/** What was seen at one moment. */
export interface Moment {
  name: string;
  /** The first thing that the overview says. */
  says: string;
  /** From the fault, or the change, to the sentence on the page, in seconds; null: nothing was waited for. */
  seconds: number | null;
  /** What is compared, and what is wrong; none: all is equal. */
  seen: string[];
  wrong: string[];
}

/** Numbers of the overview, and the answer that it got last. */
interface Overview {
  numbers: Record<string, number>;
  says: string;
  stats: Stats;
}

/** Slots that the ledger holds and Ittybit no longer does: jobs whose end was not seen yet. */
const HELD_MAX = 80;

export interface Ids {
  base: string;
  other: string;
}

/** The page at which a moment is looked at, and what was found at the moments before. */
interface Watch {
  scene: Scene;
  page: Page;
  runs: Ids;
  /** The body of the page's last answer to /stats. */
  kept: Kept;
  done: Moment[];
}

/** `more` orders the rows of the last moment. */
export async function tryMoments(scene: Scene, runs: Ids, more: () => Promise<string>): Promise<Moment[]> {
  const { page, faults, close } = await scene.signedIn("/");
  const watch: Watch = { scene, page, runs, kept: watchStats(page), done: [] };
  await quietMoments(watch);
  await accountMoments(watch);
  await slowMoments(watch);
  await moment(watch, "more rows are ordered", more, null, ({ stats: now }, found) => {
    const { jobsLeft } = now.pace.all;
    claim(found, jobsLeft >= now.states.queued, `queued ${now.states.queued}, to be paid ${jobsLeft}`);
  });
  if (faults.length > 0)
    watch.done.push({ name: "the page's own faults", says: "", seconds: null, seen: [], wrong: faults });
  await close();
  return watch.done;
}

/** `says`: what the overview says once it knows; null: nothing is waited for. */
async function moment(watch: Watch, name: string, begin: () => unknown, says: RegExp | null, check?: Check) {
  const { page, scene, kept, done } = watch;
  const started = performance.now();
  await begin();
  if (says !== null) await shown(page, says);
  const seconds = says === null ? null : (performance.now() - started) / 1000;
  const seen = await look(page, kept);
  const found: Found = { seen: [], wrong: [] };
  await compare(scene, seen, found);
  await check?.(seen, found);
  done.push({ name, says: seen.says, seconds, ...found });
  console.log(JSON.stringify(done.at(-1)));
}

const shown = (page: Page, says: RegExp) =>
  page.locator(".health").filter({ hasText: says }).waitFor({ timeout: 120_000 });

async function quietMoments(watch: Watch): Promise<void> {
  const { scene, page, runs } = watch;
  await moment(watch, "faults begin", () => undefined, null);
  const paced = () => untilPaced(scene, runs);
  await moment(watch, "one pace for lane, run, list and page", paced, null, (_, found) =>
    onePace(scene, page, runs, found),
  );
  const views = () => view(scene, 40);
  await moment(watch, "40 views of images that are not warm", views, null, (_, found) => viewsOf(scene, found));
  const pause = () => scene.gate({ paused: { bulk: true } });
  await moment(watch, "bulk is paused", pause, /bulk is paused/, (_, found) => noPaceOf(scene, runs, found));
  await scene.gate({ paused: { bulk: false } });
  await untilPaced(scene, runs);
}

async function accountMoments(watch: Watch): Promise<void> {
  const { scene, page, runs } = watch;
  const [refused, fine] = [/Ittybit answers 402/, /^(?!.*answers 402)/s];
  const refuse = () => scene.emulator.addFault({ fault: { type: "status", status: 402, message: "Payment required" } });
  await moment(watch, "Ittybit answers 402", refuse, refused, (_, found) => noPaceOf(scene, runs, found));
  await moment(watch, "402 is mended: the test job finds it out", () => scene.emulator.clearFaults(), fine);
  refuse();
  await shown(page, refused);
  scene.emulator.clearFaults();
  const reset = () => scene.gate({ breaker: { state: "closed" } });
  await moment(watch, "the breaker is reset", reset, fine, ({ stats: { gate } }, found) => {
    claim(found, gate.breaker.state === "closed", `breaker ${gate.breaker.state}`);
  });
  await untilPaced(scene, runs);
}

async function slowMoments(watch: Watch): Promise<void> {
  const { scene, page, runs } = watch;
  const throttle = () => scene.emulator.addFault({ fault: { type: "throttled", seconds: 70 } });
  await moment(watch, "Ittybit answers 429 for 70 s", throttle, /asked us to slow down/, async (seen, found) => {
    claim(found, /slow down/.test(seen.says), "the newest trouble is the headline");
    await noPaceOf(scene, runs, found);
  });
  scene.emulator.clearFaults();
  await until("the 429 is over", scene.stats, ({ gate }) => gate.throttledUntil === null, 120_000);
  scene.emulator.configure({ jobMs: { min: 120_000, max: 120_000 } });
  const slow = () => untilSlow(scene);
  await moment(watch, "Ittybit takes two minutes for a job", slow, null, (_, found) =>
    onePace(scene, page, runs, found),
  );
  scene.emulator.configure({ jobMs: JOB_MS });
}

type Found = Pick<Moment, "seen" | "wrong">;
type Check = (seen: Overview, found: Found) => Promise<void> | void;

function claim({ seen, wrong }: Found, holds: boolean, words: string): void {
  (holds ? seen : wrong).push(words);
}

interface Kept {
  /** The body of the page's last answer to /stats. */
  last: Stats | null;
  /** Answers whose body has not been read yet. */
  unread: number;
}

/** A 304 means that the last body still holds. */
function watchStats(page: Page): Kept {
  const kept: Kept = { last: null, unread: 0 };
  page.on("response", async (response) => {
    if (!response.url().endsWith("/api/v1/stats") || response.status() !== 200) return;
    kept.unread += 1;
    kept.last = (await response.json().catch(() => kept.last)) as Stats;
    kept.unread -= 1;
  });
  return kept;
}

/** The page right after an answer: read again if another answer came while it was read. */
async function look(page: Page, watch: Kept): Promise<Overview> {
  for (;;) {
    await page.waitForResponse((response) => response.url().endsWith("/api/v1/stats"));
    await page.waitForTimeout(150);
    const before = watch.last;
    const shown = await page.evaluate(() => ({
      numbers: Object.fromEntries(
        [...document.querySelectorAll<HTMLAnchorElement>(".lanes a")].map((one) => {
          const query = new URL(one.href).searchParams;
          const number = /^[\d,]+/.exec(one.textContent ?? "")?.[0] ?? "";
          return [`${query.get("lane") ?? "all"} ${query.get("state")}`, Number(number.replaceAll(",", ""))];
        }),
      ),
      says: document.querySelector(".health .sentence")?.textContent ?? "",
    }));
    if (before !== null && before === watch.last && watch.unread === 0) return { ...shown, stats: before };
  }
}

/** Page = ledger = Ittybit: each count of the page with the ledger's answer, rows with counters, budget and slots with Ittybit's. */
async function compare(scene: Scene, { numbers, stats }: Overview, found: Found): Promise<void> {
  const open = ["queued", "processing", "retrying"] as const;
  const ended = ["stored", "dead", "refused", "cancelled"] as const;
  const counts = [
    ...LANES.flatMap((lane) => open.map((state) => [`${lane} ${state}`, stats.lanes[lane][state]] as const)),
    ...ended.map((state) => [`all ${state}`, stats.states[state]] as const),
  ];
  const wrong = counts
    .filter(([name, n]) => (numbers[name] ?? 0) !== n)
    .map(([name, n]) => `${name}: page ${numbers[name] ?? 0}, ledger ${n}`);
  found.wrong.push(...wrong);
  if (wrong.length === 0) found.seen.push(`13 counts equal (${stats.open} open, ${stats.deadLetters} dead)`);
  const before = await scene.stats();
  const body = JSON.stringify({ action: "retry", filter: { state: ["dead"] }, dryRun: true });
  const rows = (await scene.api<{ total: number }>("/actions", { method: "POST", body })).total;
  const after = await scene.stats();
  const { createdJobs, openJobs } = scene.emulator.stats();
  claim(
    found,
    between(rows, before.deadLetters, after.deadLetters),
    `dead: rows ${rows}, counter ${after.deadLetters}`,
  );
  const latest = await scene.stats();
  claim(
    found,
    createdJobs >= before.budget.used - HELD_MAX && createdJobs <= latest.budget.used + HELD_MAX,
    `jobs used ${latest.budget.used}, made at Ittybit ${createdJobs}`,
  );
  const held = latest.utilisation.concurrency.used;
  claim(found, Math.abs(held - openJobs) <= HELD_MAX, `slots ${held}, open at Ittybit ${openJobs}`);
}

function between(n: number, a: number, b: number): boolean {
  return n >= Math.min(a, b) && n <= Math.max(a, b);
}

/** None of lane, run, list and everything has a time left while nothing may go. */
async function noPaceOf(scene: Scene, { base }: Ids, found: Found): Promise<void> {
  const [{ pace }, run, { runs }] = await Promise.all([scene.stats(), scene.run(base), listOf(scene)]);
  const listed = runs.find((one) => one.run === base)?.pace.secondsLeft;
  const left = [pace.bulk.secondsLeft, run.pace.secondsLeft, listed ?? null];
  claim(
    found,
    left.every((one) => one === null),
    `no time left for lane, run and list: ${left.join(", ")}`,
  );
  claim(found, pace.all.secondsLeft === null, `nor for everything: ${pace.all.secondsLeft}`);
  claim(found, (run.pace.why ?? "") !== "", `why: ${run.pace.why}`);
}

const listOf = (scene: Scene) => scene.api<{ runs: Awaited<ReturnType<Scene["run"]>>[] }>("/runs");

/** A run's page and the list say the same, and the run is not done before its lane's turn of it. */
async function onePace(scene: Scene, page: Page, { base }: Ids, found: Found): Promise<void> {
  await page.goto(`${scene.stack.controlUrl}/runs/${base}`);
  const tile = await page.locator(".tile", { hasText: "Done at" }).first().locator(".title").textContent();
  const [{ pace }, run, { runs }] = await Promise.all([scene.stats(), scene.run(base), listOf(scene)]);
  const listed = runs.find((one) => one.run === base)?.pace.secondsLeft ?? null;
  claim(found, isNear(run.pace.secondsLeft, listed), `run ${run.pace.secondsLeft} s, list ${listed} s, page ${tile}`);
  const { secondsLeft: lane, why } = pace.bulk;
  // A lane that does not end, such as one that the budget ends first, says why.
  const isLater = lane === null ? (why ?? "") !== "" : lane >= (run.pace.secondsLeft ?? 0) * 0.9;
  claim(found, isLater, `lane ${lane ?? why} s`);
  await page.goto(scene.stack.controlUrl);
  await page.locator(".health").waitFor();
}

function isNear(a: number | null, b: number | null): boolean {
  return a === null || b === null ? a === b : Math.abs(a - b) <= 0.1 * Math.max(a, b) + 1;
}

const untilPaced = (scene: Scene, { base }: Ids) =>
  until(
    "the run has a pace",
    () => scene.run(base),
    ({ pace }) => pace.secondsLeft !== null,
    120_000,
  );

/** The slots fill with jobs that take long, and the pace of before is no longer told. */
const untilSlow = (scene: Scene) =>
  until(
    "the slots are full",
    scene.stats,
    ({ utilisation: { concurrency }, rates }) =>
      concurrency.used >= 0.8 * (concurrency.limit ?? 0) && rates.storedPerSecond < 5,
    180_000,
  );

async function view({ stack }: Scene, n: number): Promise<void> {
  for (let at = 0; at < n; at += 1) {
    const response = await fetch(`${stack.edgeUrl}/images/views/${at}?w=640&f=webp`, { redirect: "manual" });
    await response.arrayBuffer();
  }
}

async function viewsOf(scene: Scene, found: Found): Promise<void> {
  const sum = (views: Record<string, number>) => Object.values(views).reduce((all, n) => all + n, 0);
  const counted = await until(
    "the views are counted",
    async () => sum((await scene.api<{ views: Record<string, number> }>("/serving?window=1d")).views),
    (n) => n >= 40,
    120_000,
  );
  claim(found, counted === 40, `views ${counted} of 40`);
}
