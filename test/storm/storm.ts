import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Emulator } from "@prewarm/ittybit-emulator/server";
import { createChance } from "../world/chance.ts";
import { createActs, type Done, nothingDone, untouched, warmOverlapping } from "./acts.ts";
import { paidJobs, startIttybit, struckFaults } from "./ittybit.ts";
import { type MemoryPoint, watchMemory } from "./memory.ts";
import { idOf, imageOf, type Originals, startOriginals } from "./originals.ts";
import { StormStack } from "./stack.ts";
import { imageOfKey, imagesFor, keyOf, type Variant, variantsOf, warmLines } from "./variants.ts";
import { judgeStorm, type Outcome, type Verdict } from "./verdict.ts";
import { type View, Viewers, view } from "./viewers.ts";

export interface StormSettings {
  variants: number;
  kills: number;
  seed: number;
  /** Share of calls and downloads that go wrong. */
  faults: number;
  /** Whether the ledger is put back to a copy in the middle. */
  restore: boolean;
  /** Jobs at Ittybit at once, and jobs a second. */
  slots: number;
  say(line: string): void;
}

export interface Played {
  verdict: Verdict;
  outcome: Outcome;
  memory: MemoryPoint[];
  faults: ReadonlyMap<string, number>;
  seconds: number;
}

const STEP_MS = 200;
/** Without a new job for so long the storm is stuck. */
const STUCK_MS = 300_000;
const VIEWERS = { count: 3, pauseMs: 150 };
const CHECKS_AT_ONCE = 6;
/** Shares of the jobs after which Ittybit gives an id again: by then results were downloaded. */
const USED_IDS_AT = [0.5, 0.6, 0.7, 0.8, 0.9];
/** Images in a hundred that each act touches. */
const TOUCHED_PERCENT = { purged: 8, removed: 8, replaced: 2 };
type Touched = keyof typeof TOUCHED_PERCENT;
/** A removal's first pass comes within so long. */
const FIRST_PASS_MS = 60_000;

/** One storm, from a fresh state to the verdict. Nothing of it is left on the machine. */
export async function playStorm(settings: StormSettings): Promise<Played> {
  const began = performance.now();
  const chance = createChance(settings.seed);
  const stateDir = await mkdtemp(join(tmpdir(), "prewarm-storm-"));
  const originals = await startOriginals(imagesFor(settings.variants));
  const ittybit = await startIttybit(settings);
  const stack = new StormStack({ stateDir, ittybitUrl: ittybit.apiUrl, originalsUrl: originals.url });
  const memory = watchMemory(
    () => stack.group,
    () => ittybit.control.stats().createdJobs,
  );
  try {
    await stack.start();
    const storm = new Storm({ settings, stack, ittybit, originals, chance });
    const outcome = await storm.play();
    const seconds = Math.round((performance.now() - began) / 1_000);
    const verdict = judgeStorm(outcome);
    return { verdict, outcome, memory: memory.stop(), faults: struckFaults(ittybit), seconds };
  } finally {
    memory.stop();
    await stack.kill();
    await Promise.all([ittybit.close(), originals.close()]);
    await rm(stateDir, { recursive: true, force: true });
  }
}

interface DeadPage {
  jobs: { job: string; key: string }[];
  nextCursor: string | null;
}

interface StormDeps {
  settings: StormSettings;
  stack: StormStack;
  ittybit: Emulator;
  originals: Originals;
  chance: ReturnType<typeof createChance>;
}

class Storm {
  readonly #deps: StormDeps;
  readonly #done: Done = nothingDone();
  readonly #owed: readonly Variant[];

  constructor(deps: StormDeps) {
    this.#deps = deps;
    this.#owed = variantsOf(deps.settings.variants);
  }

  async play(): Promise<Outcome> {
    const { stack, settings, ittybit } = this.#deps;
    const { slots } = settings;
    await stack.api("PATCH", "/gate", JSON.stringify({ concurrency: slots, rate: slots }));
    const touched = this.#chooseTouched();
    const viewers = new Viewers({
      edgeUrl: () => stack.edgeUrl,
      chance: createChance(settings.seed + 1),
      // The edge keeps what it has shown for an hour, so what is purged or replaced is not looked at before.
      variants: this.#owed.filter((variant) => !touched.has(imageOfKey(keyOf(variant)))),
      ...VIEWERS,
    });
    const cancelled = await warmOverlapping(stack, this.#owed);
    await stack.api("POST", "/warm?label=storm", warmLines(this.#owed), "application/x-ndjson");
    await this.#playActs(createActs({ ...this.#deps, say: settings.say }, this.#done), cancelled, touched);
    await this.#settle();
    const seen = await viewers.stop();
    const jobs = paidJobs(ittybit);
    const [dead, cameBack] = [await this.#deadLetters(), await this.#cameBack()];
    const last = await this.#lastViews();
    await stack.stop();
    return {
      owed: this.#owed,
      jobs,
      last,
      dead,
      cameBack,
      purged: this.#done.purged,
      removed: this.#done.removed,
      replaced: this.#done.replaced,
      deletedByHand: this.#done.deletedByHand,
      versionOf: this.#deps.originals.versionOf,
      statuses: seen.statuses,
      wrongViews: seen.wrong,
      broken: stack.broken,
      restored: this.#done.restored,
      unfinished: this.#done.unfinished,
    };
  }

  /** Images that will be purged, removed or replaced, by what happens to them. */
  #chooseTouched(): Map<number, Touched> {
    const images = imagesFor(this.#deps.settings.variants);
    const acts = Object.entries(TOUCHED_PERCENT).flatMap(([act, percent]) =>
      Array.from({ length: Math.max(2, Math.ceil((images * percent) / 100)) }, () => act as Touched),
    );
    const chosen = untouched(images, acts.length, this.#done, this.#deps.chance);
    return new Map(chosen.map((image, n) => [image, acts[n] ?? "purged"]));
  }

  async #playActs(
    acts: ReturnType<typeof createActs>,
    cancelled: string,
    touched: ReadonlyMap<number, Touched>,
  ): Promise<void> {
    const { kills, restore } = this.#deps.settings;
    const chosen = (what: Touched) => [...touched].filter(([, is]) => is === what).map(([image]) => image);
    const timeline: [share: number, act: () => Promise<void> | void][] = [
      [0.1, () => acts.cancel(cancelled)],
      [0.25, () => acts.replace(chosen("replaced"), 1)],
      [0.32, () => acts.refuse()],
      [0.36, () => acts.remove(chosen("removed"))],
      [0.4, () => acts.purge(chosen("purged"))],
    ];
    for (const share of USED_IDS_AT) timeline.push([share, () => acts.giveUsedId()]);
    if (restore) timeline.push([0.5, () => acts.copyLedger()], [0.58, () => acts.putLedgerBack()]);
    for (let n = 0; n < kills; n += 1) {
      // The second one follows right after the purge.
      const share = n === 1 ? 0.401 : 0.18 + (0.6 * n) / Math.max(1, kills);
      timeline.push([share, n === kills - 1 ? () => acts.killAndDelete(3) : () => acts.kill()]);
    }
    for (const [share, act] of timeline.sort(([a], [b]) => a - b)) {
      if (!(await this.#madeJobs(share * this.#deps.settings.variants))) return;
      await act();
    }
  }

  /** Waits until so many jobs were made. False: there is no progress. */
  async #madeJobs(wanted: number): Promise<boolean> {
    const { control } = this.#deps.ittybit;
    let [made, since] = [-1, Date.now()];
    for (;;) {
      const { createdJobs } = control.stats();
      if (createdJobs >= wanted) return true;
      if (createdJobs !== made) [made, since] = [createdJobs, Date.now()];
      if (Date.now() - since > STUCK_MS) {
        this.#done.unfinished.push(
          `no job was made for ${STUCK_MS / 1_000} s; ${made} of ${Math.round(wanted)} had been`,
        );
        return false;
      }
      await later(STEP_MS);
    }
  }

  /** Waits until nothing is open any more. */
  async #settle(): Promise<void> {
    const { stack, settings } = this.#deps;
    let [left, since] = [-1, Date.now()];
    for (;;) {
      const { states } = await stack.api<{ states: Record<string, number> }>("GET", "/stats");
      const open = (states.queued ?? 0) + (states.processing ?? 0) + (states.retrying ?? 0);
      if (open === 0) return;
      if (open !== left) [left, since] = [open, Date.now()];
      if (Date.now() - since > STUCK_MS) {
        this.#done.unfinished.push(
          `${open} jobs were still open after ${STUCK_MS / 1_000} s without progress: ${await this.#openJobs()}`,
        );
        return settings.say(JSON.stringify(states));
      }
      await later(5 * STEP_MS);
    }
  }

  /** The first open jobs, and what each waits for. */
  async #openJobs(): Promise<string> {
    const { stack, ittybit } = this.#deps;
    const { jobs }: { jobs: { job: string; key: string; ittybitJob: string | null }[] } = await stack.api(
      "GET",
      "/jobs?state=queued,processing,retrying&limit=3",
    );
    const lines = jobs.map(async ({ job, key, ittybitJob }) => {
      const { waitingFor }: { waitingFor: { text: string } | null } = await stack.api("GET", `/jobs/${job}`);
      const isReused = paidJobs(ittybit).filter(({ id }) => id === ittybitJob).length > 1;
      return `${key}, ${ittybitJob}${isReused ? " (an id that Ittybit gave twice)" : ""}, ${waitingFor?.text ?? "not waiting"}`;
    });
    return (await Promise.all(lines)).join("; ");
  }

  /** The dead letters, each with its reason. */
  async #deadLetters(): Promise<Map<string, string>> {
    const dead = new Map<string, string>();
    let cursor: string | null = null;
    do {
      const page: DeadPage = await this.#deps.stack.api(
        "GET",
        `/jobs?state=dead${cursor === null ? "" : `&cursor=${cursor}`}`,
      );
      for (const { job, key } of page.jobs) {
        const { history }: { history: { code: string; message: string; ittybitJob: string | null }[] } =
          await this.#deps.stack.api("GET", `/jobs/${job}`);
        dead.set(key, history.map((one) => `${one.ittybitJob} ${one.code}: ${one.message}`).join(", then "));
      }
      cursor = page.nextCursor;
    } while (cursor !== null);
    return dead;
  }

  /**
   * Objects of purged images that no pass of the purge is to come for, and what is left of removed images. A put that
   * met the purge is deleted by its second pass; a removed image has nothing after its first one, and views get 410.
   */
  async #cameBack(): Promise<string[]> {
    const { stack } = this.#deps;
    const { purged, removed } = this.#done;
    const found: string[] = [];
    for (const image of purged) {
      const until = Date.now() + FIRST_PASS_MS;
      let left = await this.#storedOf(image);
      while (removed.has(image) && left.stored.length > 0 && Date.now() < until) {
        await later(STEP_MS);
        left = await this.#storedOf(image);
      }
      if (removed.has(image) || !left.purging) found.push(...left.stored);
    }
    for (const variant of this.#owed.filter(({ id }) => removed.has(imageOf(id)))) {
      const seen = await view(stack.edgeUrl ?? "", variant);
      if (seen?.status !== 410) found.push(`${keyOf(variant)} is removed, and a view gets ${seen?.status}`);
    }
    return found;
  }

  async #storedOf(image: number): Promise<{ purging: boolean; stored: string[] }> {
    const { purging, variants }: { purging: boolean; variants: { key: string; state: string }[] } =
      await this.#deps.stack.api("GET", `/images/${encodeURIComponent(idOf(image))}`);
    return { purging, stored: variants.filter(({ state }) => state === "stored").map(({ key }) => key) };
  }

  /** A last look at every owed variant. What was deleted by hand is asked for by it, and looked at again. */
  async #lastViews(): Promise<Map<string, View | null>> {
    const { stack } = this.#deps;
    const last = new Map<string, View | null>();
    const waiting = this.#owed.filter((variant) => !this.#done.purged.has(imageOfKey(keyOf(variant))));
    const look = async (): Promise<void> => {
      for (let one = waiting.pop(); one !== undefined; one = waiting.pop())
        last.set(keyOf(one), await view(stack.edgeUrl ?? "", one));
    };
    await Promise.all(Array.from({ length: CHECKS_AT_ONCE }, look));
    return last;
  }
}

const later = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
