import { createHmac } from "node:crypto";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { variantsPerImage } from "@prewarm/shared/cost/outlook";
import site from "../../../prewarm.config.ts";
import { tryActs } from "./moments/acts.ts";
import { tryBlame } from "./moments/blame.ts";
import { type Moment, tryMoments } from "./moments/moments.ts";
import { type Scene, startScene, until } from "./moments/scene.ts";
import { type Task, tryTasks } from "./moments/tasks.ts";

/*
 * `npm run prove -- moments [--rows 80000] [--more 920000] [--blame] [--rest] [--only NAME]`: drives the dashboard through faults on the real local stack. First each
 * fault by itself, and which part list, headline, red box and event accuse (`--blame`: only that; `--rest`: all but that; `--only`, which may repeat: only the fault of that name). At ten moments page, ledger and the local
 * Ittybit have to say the same; then an operator's eighteen tasks, by real clicks, with a clock; then what acts and a failing origin do to
 * others. Exits 1 if a number differs or a task does not work. Takes about an hour.
 */

process.chdir(fileURLToPath(new URL("../../..", import.meta.url)));

/** Variants of the recipe `upload` of this repository's site for each image. */
const VARIANTS = variantsPerImage(site, "upload");
const IDS_MAX = 2_000;

const { values } = parseArgs({
  options: {
    rows: { type: "string", default: "80000" },
    more: { type: "string", default: "100000" },
    blame: { type: "boolean", default: false },
    rest: { type: "boolean", default: false },
    only: { type: "string", multiple: true, default: [] },
  },
});
const scene = await startScene();
try {
  const blame = values.rest ? [] : await tryBlame(scene, values.only);
  if (values.blame || values.only.length > 0) console.log(`\n${momentTable(blame)}`);
  else await tryAll(scene, blame);
  if (blame.some(({ wrong }) => wrong.length > 0)) process.exitCode = 1;
} finally {
  await scene.close();
}

async function tryAll(scene: Scene, blame: readonly Moment[]): Promise<void> {
  const known = await begin(scene, Number(values.rows));
  const moments = await tryMoments(scene, known.runs, () =>
    orderMany(scene, "more", Number(values.more), "the large order"),
  );
  await scene.gate({ budget: { monthlyJobs: 1_000_000 } });
  const tasks = await tryTasks(scene, { ...known, base: known.runs.base, time: await timeOfBreaker(scene) });
  const acts = await tryActs(scene);
  console.log(`\n${momentTable([...blame, ...moments, ...acts])}\n\n${taskTable(tasks)}`);
  if ([...moments, ...acts].some(({ wrong }) => wrong.length > 0) || tasks.some(({ fault }) => fault !== null))
    process.exitCode = 1;
}

/** Everything that the moments and tasks find: a complete run, refused and dead jobs, jobs that are stuck or slow, and much that waits. */
async function begin(scene: Scene, rows: number) {
  const { emulator } = scene;
  const complete = await scene.warm(["done/a", "done/b"], "yesterday's run");
  await until(
    "a run is complete",
    () => scene.run(complete),
    ({ state }) => state === "done",
    180_000,
  );
  await deliver(scene);
  const purged = await scene.warm(["purge/c"], "an image to purge");
  await until(
    "an image to purge is stored",
    () => scene.run(purged),
    ({ state }) => state === "done",
    180_000,
  );
  const dead = await bury(scene);
  addFaults(scene);
  await orderMany(scene, "missing", 880, "a wrong prefix");
  const other = await orderMany(scene, "boom", 440, "an encoder that fails");
  const base = await orderMany(scene, "base", rows - 1_320, "the base");
  await until(
    "jobs are refused and fail",
    scene.stats,
    ({ states }) => states.refused >= 100 && states.dead + states.retrying >= dead + 10,
    300_000,
  );
  emulator.clearFaults();
  const known = { complete, missing: "missing/0", stored: "done/a", purged: "purge/c" };
  return { ...known, runs: { base, other } };
}

/** An image of which Ittybit rejects every variant: dead letters that stay, however long the rest takes. How many there are. */
async function bury({ emulator, run, warm }: Scene): Promise<number> {
  emulator.addFault({ match: { input: "broken" }, fault: { type: "status", status: 400, message: "Bad input" } });
  const name = await warm(["broken/0"], "a broken file");
  const { states } = await until(
    "an image is dead",
    () => run(name),
    ({ state }) => state === "done",
    180_000,
  );
  return states.dead;
}

/** What a clock on the wall showed when the breaker opened, such as `14:05`. */
async function timeOfBreaker({ api }: Scene): Promise<string> {
  const { entries } = await api<{ entries: { at: number }[] }>("/audit?search=breaker.opened&limit=1");
  return new Date(entries[0]?.at ?? Number.NaN).toTimeString().slice(0, 5);
}

/** Faults of parts: 500s and 400s, an encoder's errors, cut downloads, stuck and slow jobs. */
function addFaults({ emulator }: Scene): void {
  const boom = { match: { input: "boom" } };
  emulator.addFault({ ...boom, fault: { type: "failed", error: { kind: "internal", message: "boom" } } });
  const rarely = { probability: 0.02, match: { input: "base" } };
  emulator.addFault({ ...rarely, fault: { type: "status", status: 500, message: "Internal error" } });
  emulator.addFault({ ...rarely, fault: { type: "status", status: 400, message: "Bad input" } });
  emulator.addFault({ ...rarely, fault: { type: "output", as: "truncated" } });
  emulator.addFault({ ...rarely, fault: { type: "slow", ms: 20_000 } });
  emulator.addFault({ probability: 0.002, match: { input: "base" }, fault: { type: "stuck" } });
}

/** Orders so many variants, in requests of many images; the name of the last run. */
async function orderMany(scene: Scene, folder: string, variants: number, label: string): Promise<string> {
  const ids = Array.from({ length: Math.ceil(variants / VARIANTS) }, (_, at) => `${folder}/${at}`);
  let run = "";
  for (let from = 0; from < ids.length; from += IDS_MAX)
    run = await scene.warm(ids.slice(from, from + IDS_MAX), from === 0 ? label : `${label}, ${from / IDS_MAX + 1}`);
  return run;
}

/** An upload by the hook `uploads`, signed as Standard Webhooks are. */
async function deliver({ stack }: Scene): Promise<void> {
  const [id, at] = [crypto.randomUUID(), Math.floor(Date.now() / 1000)];
  const body = JSON.stringify({ type: "image.created", data: { id: "hook/a" } });
  const key = Buffer.from(stack.hookSecret.replace(/^whsec_/, ""), "base64");
  const signature = createHmac("sha256", key).update(`${id}.${at}.${body}`).digest("base64");
  const response = await fetch(`${stack.controlUrl}/hooks/uploads`, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      "webhook-id": id,
      "webhook-timestamp": String(at),
      "webhook-signature": `v1,${signature}`,
    },
    body,
  });
  if (!response.ok) throw new Error(`The hook is answered ${response.status}: ${await response.text()}`);
}

function momentTable(moments: readonly Moment[]): string {
  const rows = moments.map(({ name, says, seconds, seen, wrong }, at) =>
    [
      at + 1,
      name,
      seconds === null ? "–" : `${seconds.toFixed(1)} s`,
      says,
      seen.join("; "),
      wrong.join("; ") || "none",
    ].join(" | "),
  );
  return [
    "| # | moment | until the page says it | page | page = ledger = Ittybit | differs |",
    "|--:|---|--:|---|---|---|",
  ]
    .concat(rows.map((row) => `| ${row} |`))
    .join("\n");
}

function taskTable(tasks: readonly Task[]): string {
  const rows = tasks.map(
    ({ name, seconds, clicks, fault }) =>
      `| ${name} | ${seconds === null ? "–" : `${seconds.toFixed(1)} s`} | ${clicks} | ${fault ?? "works"} |`,
  );
  return ["| task | time | clicks | outcome |", "|---|--:|--:|---|", ...rows].join("\n");
}
