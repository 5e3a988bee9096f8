import type { EventPage } from "@prewarm/control-schema/events";
import type { Gate } from "@prewarm/control-schema/gate";
import type { Part, Trouble } from "@prewarm/control-schema/troubles";
import type { Page } from "playwright-core";
import type { Moment } from "./moments.ts";
import { JOB_MS, type Scene, until } from "./scene.ts";

/*
 * Which part is accused: a fault is made, and then the list of troubles, the page's headline, its red box and the event
 * have to name the same part, with a sentence, a cure and a link. Once it is mended, an event says for how long it
 * stood.
 */

/** Longest until the list names a fault, and until others are told of its end, in ms. */
const SEEN_MS = 120_000;
const CLOSED_MS = 300_000;

interface Fault {
  name: string;
  part: Part;
  code: string;
  /** The red box of the overview. */
  box: string;
  sentence: RegExp;
  cure: RegExp;
  /** Its end is not waited for: it counts for an hour, or its jobs keep failing. */
  lasts?: true;
  begin(scene: Scene): Promise<unknown> | unknown;
  end(scene: Scene): Promise<unknown> | unknown;
}

type Found = Omit<Moment, "name">;

const warmed = (scene: Scene, folder: string, n: number) =>
  scene.warm(
    Array.from({ length: n }, (_, at) => `${folder}/${at}`),
    folder,
  );

/** Jobs that an order of this moment may still use: no more than `left` of warming's, or of the viewers', share. */
async function leaveOfBudget(scene: Scene, share: "warmingShare" | "liveShare", left: number): Promise<void> {
  const { budget } = await scene.api<Gate>("/gate");
  const lanes = share === "liveShare" ? [budget.usedByLane.live] : [budget.usedByLane.upload, budget.usedByLane.bulk];
  const used = lanes.reduce((sum, n) => sum + n, 0) + left;
  await scene.gate({ budget: { monthlyJobs: 1_000_000, [share]: used / 1_000_000 } });
}

const WHOLE = { warmingShare: 0.8, liveShare: 0.5, liveDayShare: 1, monthlyJobs: null };

const FAULTS: readonly Fault[] = [
  {
    ...{ name: "a lane is paused", part: "gate", code: "paused", box: "Gate" },
    ...{ sentence: /^bulk is paused by .*\(a migration\)/, cure: /Resume the lane/ },
    begin: (scene) => scene.gate({ paused: { bulk: { reason: "a migration" } } }),
    end: (scene) => scene.gate({ paused: { bulk: false } }),
  },
  {
    ...{ name: "Ittybit answers 402", part: "ittybit", code: "breaker", box: "Ittybit" },
    ...{ sentence: /^Ittybit answers 402: billing/, cure: /Correct the Ittybit account/ },
    begin: (scene) => {
      scene.emulator.addFault({ fault: { type: "status", status: 402, message: "Payment required" } });
      return warmed(scene, "unpaid", 2);
    },
    end: async (scene) => {
      scene.emulator.clearFaults();
      await scene.gate({ breaker: { state: "closed" } });
    },
  },
  {
    ...{ name: "jobs take 45 s", part: "ittybit", code: "slow", box: "Ittybit" },
    ...{ sentence: /^Ittybit takes \d+ s for a job, usually 0\.\d s/, cure: /ask Ittybit/ },
    begin: (scene) => {
      scene.emulator.configure({ jobMs: { min: 45_000, max: 45_000 } });
      return warmed(scene, "slow", 8);
    },
    end: (scene) => scene.emulator.configure({ jobMs: JOB_MS }),
  },
  {
    ...{ name: "a third of the originals is missing", part: "originals", code: "refusing", box: "Originals" },
    ...{ sentence: /of the run a third were refused: .{0,200}\(missing\)/, cure: /Upload the original/ },
    begin: (scene) =>
      scene.warm(
        Array.from({ length: 12 }, (_, n) => (n % 3 === 0 ? `missing/third/${n}` : `third/${n}`)),
        "a third",
      ),
    lasts: true,
    end: () => undefined,
  },
  {
    ...{ name: "the originals' host answers 403", part: "originals", code: "origin", box: "Originals" },
    ...{ sentence: /fails \(.{0,100}403/, cure: /Correct the origin/ },
    begin: (scene) => {
      scene.originals.refuse(true);
      return warmed(scene, "refused", 30);
    },
    end: async (scene) => {
      scene.originals.refuse(false);
      await scene.api("/actions", {
        ...{ method: "POST", body: JSON.stringify({ action: "retry", filter: { state: ["retrying"] } }) },
      });
    },
  },
  {
    ...{ name: "warming's share is spent", part: "budget", code: "budget", box: "Gate" },
    ...{ sentence: /^Warming's share .* jobs? waits? in upload and bulk/, cure: /Raise the budget/ },
    begin: async (scene) => {
      await leaveOfBudget(scene, "warmingShare", 5);
      await warmed(scene, "beyond", 4);
    },
    end: (scene) => scene.gate({ budget: WHOLE }),
  },
  {
    ...{ name: "the viewers' share is spent", part: "budget", code: "budget", box: "Gate" },
    ...{ sentence: /^Viewers' share of the budget is spent/, cure: /viewers' share/ },
    begin: async (scene) => {
      await leaveOfBudget(scene, "liveShare", 0);
      await fetch(`${scene.stack.edgeUrl}/images/views/spent?w=640&f=webp`, { redirect: "manual" });
    },
    end: (scene) => scene.gate({ budget: WHOLE }),
  },
  {
    ...{ name: "the results' host answers 500", part: "results", code: "results", box: "Results, R2" },
    ...{
      sentence: /^(The results of \d+ paid jobs cannot be fetched, |No result can be fetched: ).*500/,
      cure: /The jobs are paid for/,
    },
    begin: (scene) => {
      scene.emulator.addFault({ fault: { type: "output", as: "500" } });
      return warmed(scene, "unfetched", 2);
    },
    lasts: true,
    end: (scene) => scene.emulator.clearFaults(),
  },
];

/** Each fault by itself, on a stack whose lanes are idle. */
export async function tryBlame(scene: Scene): Promise<Moment[]> {
  const { page, close } = await scene.signedIn("/");
  const done: Moment[] = [];
  await scene.gate({ budget: WHOLE });
  const usual = await warmed(scene, "usual", 6);
  await until(
    "a usual time is known",
    () => scene.run(usual),
    ({ state }) => state === "done",
    SEEN_MS,
  );
  const begun = new Map<Fault, number>();
  for (const fault of FAULTS) {
    const found: Found = { says: "", seconds: null, seen: [], wrong: [] };
    begun.set(fault, Date.now());
    await tryFault(scene, page, fault, found).catch((error: Error) => found.wrong.push(error.message));
    await fault.end(scene);
    const isOver = ({ code, past }: Trouble) => past || code !== fault.code;
    if (fault.lasts !== true)
      await until(`${fault.name}: over`, scene.stats, ({ troubles }) => troubles.every(isOver), SEEN_MS);
    done.push({ name: fault.name, ...found });
    console.log(JSON.stringify(done.at(-1)));
  }
  await close();
  // All at once, because a trouble is over after two minutes.
  for (const [at, fault] of FAULTS.entries())
    if (fault.lasts !== true && done[at] !== undefined)
      await closedEvent(scene, fault, begun.get(fault) ?? 0, done[at]).catch((error: Error) =>
        done[at]?.wrong.push(error.message),
      );
  return done;
}

async function closedEvent(scene: Scene, fault: Fault, since: number, found: Found): Promise<void> {
  const closed = await eventOf(scene, "trouble.closed", { ...fault, since });
  claim(found, closed?.forMs !== undefined, `closed after ${Math.round((closed?.forMs ?? 0) / 1_000)} s`);
}

async function tryFault(scene: Scene, page: Page, fault: Fault, found: Found): Promise<void> {
  const begun = Date.now();
  await fault.begin(scene);
  const isIt = ({ part, code }: Pick<Trouble, "part" | "code">) => part === fault.part && code === fault.code;
  const stats = await until(`${fault.name}: a trouble`, scene.stats, ({ troubles }) => troubles.some(isIt), SEEN_MS);
  found.seconds = (Date.now() - begun) / 1_000;
  const trouble = stats.troubles.find(isIt);
  found.says = trouble?.sentence ?? "";
  claim(found, fault.sentence.test(found.says), `sentence: ${found.says}`);
  claim(found, fault.cure.test(trouble?.cure ?? ""), `cure: ${trouble?.cure}`);
  const others = stats.troubles.filter((one) => !one.past && one.level !== "note" && one.part !== fault.part);
  claim(found, others.length === 0, `no other part is accused: ${others.map(({ key }) => key).join(", ")}`);
  const box = page.locator('.flow [data-stuck="true"]').filter({ hasText: fault.box });
  await box.waitFor({ timeout: SEEN_MS }).then(
    () => claim(found, true, `red box ${fault.box}`),
    () => claim(found, false, `red box ${fault.box}`),
  );
  const opened = await eventOf(scene, "trouble.opened", { ...fault, since: begun });
  claim(found, opened?.url !== undefined, `event with ${opened?.url}`);
  claim(found, opened?.cure === trouble?.cure, `event's cure: ${opened?.cure}`);
}

interface Told {
  part: string;
  code: string;
  cure: string;
  url?: string;
  forMs?: number;
}

/** The event of a fault; null: none was written in time. */
async function eventOf(
  { api }: Scene,
  type: string,
  { part, code, since }: Pick<Fault, "part" | "code"> & { since: number },
) {
  const seen = await until(
    `${type} of ${code}`,
    () => api<EventPage>("/events?limit=50"),
    ({ events }) => events.some((one) => one.type === type && one.at >= since && isOf(one.body)),
    CLOSED_MS,
  );
  const found = seen.events.find((one) => one.type === type && one.at >= since && isOf(one.body));
  return found === undefined ? null : dataIn(found.body);

  function isOf(body: string): boolean {
    const data = dataIn(body);
    return data.part === part && data.code === code;
  }
}

function dataIn(body: string): Told {
  return (JSON.parse(body) as { data: Told }).data;
}

function claim({ seen, wrong }: Found, holds: boolean, words: string): void {
  (holds ? seen : wrong).push(words);
}
