import type { Moment } from "./moments.ts";
import { type Scene, until } from "./scene.ts";

/*
 * What an operator's acts and a failing origin do to others: who pays for a run that goes first, what an empty filter
 * chooses, what the time left says after a hold, and which jobs an origin's outage costs.
 */

/** The time left may differ from the truth by this share. */
const LEFT_WITHIN = 0.3;
const HOLD_MS = 30_000;
/** The time left follows a new speed within two minutes. */
const STEADY_MS = 150_000;
/** The pace is measured for so long. */
const MEASURED_MS = 60_000;
/** An origin refuses all for so long. */
const REFUSED_MS = 15_000;

/** Each act on a scene of its own jobs. `scene`: its lanes are idle, or bulk drains. */
export async function tryActs(scene: Scene): Promise<Moment[]> {
  const done: Moment[] = [];
  await scene.gate({ paused: { live: false, upload: false, bulk: false } });
  for (const [name, act] of ACTS) {
    const found: Found = { says: "", seconds: null, seen: [], wrong: [] };
    await act(scene, found);
    const { health } = await scene.stats();
    done.push({ name, ...found, says: health.sentence });
    console.log(JSON.stringify(done.at(-1)));
  }
  return done;
}

type Found = Omit<Moment, "name">;

const ACTS: readonly [name: string, act: (scene: Scene, found: Found) => Promise<void>][] = [
  ["an action has an empty filter", emptyFilter],
  ["a bulk run goes first, and takes turns again", promotion],
  ["a held lane goes on", afterAHold],
  ["an origin refuses every original", failingOrigin],
];

function claim({ seen, wrong }: Found, holds: boolean, words: string): void {
  (holds ? seen : wrong).push(words);
}

async function emptyFilter({ api }: Scene, found: Found): Promise<void> {
  const body = JSON.stringify({ action: "cancel", filter: {} });
  const { status, detail } = await api<{ status?: number; detail?: string }>("/actions", { method: "POST", body });
  claim(found, status === 400, `${status}: ${detail}`);
}

async function afterAHold({ emulator, gate, stats }: Scene, found: Found): Promise<void> {
  // Automatic limits go on rising, and the time left with them: only the hold is judged here.
  const { rate, concurrency } = await gate({});
  await gate({ rate: rate.perSecond, concurrency });
  await sleep(STEADY_MS);
  emulator.addFault({ fault: { type: "status", status: 402, message: "Payment required" } });
  await until("the breaker opens", stats, ({ gate: { breaker } }) => breaker.state === "open", 60_000);
  await sleep(HOLD_MS);
  emulator.clearFaults();
  await gate({ breaker: { state: "closed" } });
  const told = await until("a time is left", stats, ({ pace }) => pace.all.secondsLeft !== null, 60_000);
  const left = told.pace.all.secondsLeft ?? 0;
  const before = emulator.stats().createdJobs;
  await sleep(MEASURED_MS);
  const perSecond = ((emulator.stats().createdJobs - before) / MEASURED_MS) * 1_000;
  const { queued, processing, retrying } = told.states;
  const truth = (queued + processing + retrying) / perSecond;
  const share = left / truth - 1;
  const words = `${Math.round(left)} s left at first, ${Math.round(truth)} s at the pace of the next minute`;
  claim(found, Math.abs(share) <= LEFT_WITHIN, `${words}: ${(100 * share).toFixed(0)} %`);
}

async function promotion({ api, gate, run, stats, warm }: Scene, found: Found): Promise<void> {
  const before = await gate({ paused: { bulk: true } });
  const name = await warm(["first/a", "first/b"], "goes first");
  const first = (isFirst: boolean) =>
    api<{ first: number | null }>(`/runs/${name}`, { method: "PATCH", body: JSON.stringify({ first: isFirst }) });
  claim(found, (await first(true)).first !== null, "it goes first");
  claim(found, (await first(false)).first === null, "it takes turns again");
  await first(true);
  await gate({ paused: { bulk: false } });
  await until(
    "the run is done",
    () => run(name),
    ({ state }) => state === "done",
    120_000,
  );
  const [after, { states }] = await Promise.all([gate({}), stats()]);
  const paid = after.budget.usedByLane.live - before.budget.usedByLane.live;
  claim(found, states.queued > 0, `it is done before ${states.queued} older jobs`);
  claim(found, paid === 0, `viewers paid for ${paid} jobs meanwhile`);
}

async function failingOrigin({ originals, stats }: Scene, found: Found): Promise<void> {
  const { dead } = (await stats()).states;
  originals.answer(403);
  await sleep(REFUSED_MS);
  const { states, troubles } = await stats();
  originals.answer(null);
  claim(found, states.dead === dead, `${states.dead - dead} more jobs are dead after ${REFUSED_MS / 1_000} s`);
  const told = troubles.find(({ code }) => code === "origin");
  claim(found, told !== undefined, told?.sentence ?? "no trouble names the origin");
}

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
