import type { EventPage } from "@prewarm/control-schema/events";
import type { Trouble } from "@prewarm/control-schema/troubles";
import type { Page } from "playwright-core";
import { type Fault, WHOLE, warmed } from "./fault.ts";
import { FAULTS_OF_GATE } from "./faults-of-gate.ts";
import { FAULTS_OF_PARTS } from "./faults-of-parts.ts";
import type { Moment } from "./moments.ts";
import { type Scene, until } from "./scene.ts";

/*
 * Which part is accused: a fault is made, and then the list of troubles, the page's headline, the mark of its station and the event
 * have to name the same part, with a sentence, a cure and a link. Once it is mended, an event says for how long it
 * stood.
 */

/** Longest until the list names a fault, and until others are told of its end, in ms. */
const SEEN_MS = 120_000;
const CLOSED_MS = 300_000;

type Found = Omit<Moment, "name">;

/** Each fault by itself, on a stack whose lanes are idle. `only`: those of these names; empty: all. */
export async function tryBlame(scene: Scene, only: readonly string[]): Promise<Moment[]> {
  const faults = [...FAULTS_OF_GATE, ...FAULTS_OF_PARTS].filter(({ name }) => only.length === 0 || only.includes(name));
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
  for (const fault of faults) {
    const found: Found = { says: "", seconds: null, seen: [], wrong: [] };
    begun.set(fault, Date.now());
    const before = new Set((await scene.stats()).troubles.map(({ key }) => key));
    await tryFault(scene, page, fault, { found, before }).catch((error: Error) => found.wrong.push(error.message));
    await fault.end(scene);
    // What it brought may be more than its own trouble: attempts that failed are told until 90 s have passed without one.
    const isOver = ({ key, past }: Trouble) => past || before.has(key);
    if (fault.lasts !== true)
      await until(`${fault.name}: over`, scene.stats, ({ troubles }) => troubles.every(isOver), SEEN_MS);
    done.push({ name: fault.name, ...found });
    console.log(JSON.stringify(done.at(-1)));
  }
  await close();
  // All at once, because a trouble is over after two minutes.
  for (const [at, fault] of faults.entries())
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

interface Trying {
  found: Found;
  /** Keys of troubles that stood before. */
  before: ReadonlySet<string>;
}

async function tryFault(scene: Scene, page: Page, fault: Fault, { found, before }: Trying): Promise<void> {
  const begun = Date.now();
  await fault.begin(scene);
  const isIt = ({ key, part, code }: Pick<Trouble, "key" | "part" | "code">) =>
    part === fault.part && code === fault.code && !before.has(key);
  const stats = await until(`${fault.name}: a trouble`, scene.stats, ({ troubles }) => troubles.some(isIt), SEEN_MS);
  found.seconds = (Date.now() - begun) / 1_000;
  const trouble = stats.troubles.find(isIt);
  found.says = trouble?.sentence ?? "";
  claim(found, fault.sentence.test(found.says), `sentence: ${found.says}`);
  claim(found, trouble?.level === fault.level, `level: ${trouble?.level}`);
  claim(found, fault.cure.test(trouble?.cure ?? ""), `cure: ${trouble?.cure}`);
  const others = stats.troubles.filter(
    (one) => !one.past && one.level !== "note" && one.part !== fault.part && !before.has(one.key),
  );
  claim(found, others.length === 0, `no other part is accused: ${others.map(({ key }) => key).join(", ")}`);
  const box = page.locator(".stream [data-trouble]").filter({ hasText: fault.box });
  await box.waitFor({ timeout: SEEN_MS }).then(
    () => claim(found, true, `mark at ${fault.box}`),
    () => claim(found, false, `mark at ${fault.box}`),
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
    () => api<EventPage>("/events?limit=200"),
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
