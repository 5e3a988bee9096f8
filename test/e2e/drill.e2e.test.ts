import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, expect, it } from "vitest";
import { blocksIn } from "../../scripts/newcomer/blocks.ts";
import { tempFolder } from "../temp-folder.ts";
import { type StackProcess, startStackProcess } from "./stack-process.ts";

/*
 * The drill of docs/backup.md, line by line: a ledger is exported, and a new one, on a new state, is told what the export
 * says. Both are the real local stack.
 */

const ROOT = join(import.meta.dirname, "../..");
/** Blocks of the page, as a reader copies them. */
const [EXPORT = "", DRILL = ""] = blocksIn(ROOT).flatMap(({ page, text }) => (page === "docs/backup.md" ? [text] : []));
const PAUSED = { paused: { live: true, upload: true, bulk: true } };
/** Has what shells, URLs and JSON treat as their own. */
const ODD = 'u/it\'s "7" $x é.jpg';

interface Ledger {
  stack: StackProcess;
  stateDir: string;
  ask<T>(method: string, path: string, body?: object): Promise<T>;
}

let running: StackProcess | null = null;
afterEach(() => running?.stop());

async function start(): Promise<Ledger> {
  await running?.stop();
  const stateDir = tempFolder("prewarm-drill-");
  const stack = await startStackProcess({ stateDir, env: {} });
  running = stack;
  const authorization = `Bearer ${readFileSync(join(stateDir, "admin-token"), "utf8").trim()}`;
  const headers = { authorization, "content-type": "application/json" };
  const ask: Ledger["ask"] = async (method, path, body) => {
    const sent = body === undefined ? {} : { body: JSON.stringify(body) };
    const answer = await fetch(`${stack.controlUrl}/api/v1${path}`, { method, headers, ...sent });
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
    return answer.json();
  };
  return { stack, stateDir, ask };
}

/** Runs lines of the page as its reader does, in a folder with the reader's files. */
async function play(lines: string, { stack, stateDir }: Ledger, folder: string): Promise<string> {
  const text = lines
    .replaceAll("npm run -s prewarm --", `node ${join(ROOT, "apps/cli/src/main.ts")}`)
    .replaceAll("http://localhost:8788", stack.controlUrl)
    .replaceAll("/tmp/drill", stateDir);
  const token = readFileSync(join(stateDir, "admin-token"), "utf8").trim();
  const env = { ...process.env, PREWARM_URL: stack.controlUrl, ADMIN_TOKEN: token };
  const { stdout, stderr } = await promisify(execFile)("sh", ["-ec", text], { cwd: folder, env });
  return stdout + stderr;
}

/** What an export must keep. */
async function known({ ask }: Ledger) {
  const { jobs } = await ask<{ jobs: Record<string, unknown>[] }>("GET", "/jobs?state=queued&limit=200");
  const { runs } = await ask<{ runs: { run: string; label: string | null }[] }>("GET", "/runs");
  const labelOf = (id: unknown) => runs.find(({ run }) => run === id)?.label ?? null;
  const { budget } = await ask<{ budget: { usedByLane: object } }>("GET", "/gate");
  const { focal } = await ask<{ focal: number[] }>("GET", "/images/hero.jpg");
  const { receipt } = await ask<{ receipt: { reason: string } }>("GET", `/images/${encodeURIComponent(ODD)}/removal`);
  return {
    jobs: jobs.map(({ key, lane, run }) => `${key} ${lane} ${run} ${labelOf(run)}`).sort(),
    used: budget.usedByLane,
    focal,
    reason: receipt.reason,
  };
}

it("a new ledger has the work, points, removals and spending of the exported one, by the lines of docs/backup.md", async () => {
  const folder = tempFolder("prewarm-reader-");
  const old = await start();
  const made = { id: "small.jpg", transforms: ["w=16&f=webp"] };
  const { run } = await old.ask<{ run: string }>("POST", "/warm", { items: [made] });
  await expect.poll(() => old.ask("GET", `/runs/${run}`), { timeout: 60_000 }).toMatchObject({ states: { stored: 1 } });
  await old.ask("PATCH", "/gate", PAUSED);
  const spring = [{ id: "hero.jpg", v: "7" }, { id: "faces.jpg" }].map((item) => ({ ...item, recipe: "upload" }));
  await old.ask("POST", "/warm?run=run_spring", { items: spring, label: 'spring "sale"' });
  const uploads = [{ id: "small.jpg", transforms: ["w=32&f=webp"] }];
  await old.ask("POST", "/warm?run=uploads", { items: uploads, lane: "upload" });
  await old.ask("PUT", "/images/hero.jpg/focal", { focal: [0.25, 0.75] });
  await old.ask("POST", `/images/${encodeURIComponent(ODD)}/remove`, { reason: `asked by "her" \\ it's $9` });
  const before = await known(old);
  expect(before).toMatchObject({ used: { live: 0, upload: 0, bulk: 1 }, focal: [0.25, 0.75] });
  await play(EXPORT, old, folder);

  const [first, ...lines] = DRILL.split("\n");
  expect(first).toMatch(/^STATE_DIR=\/tmp\/drill npm start /);
  const other = await start();
  const said = await play(lines.join("\n"), other, folder);
  expect(said).not.toContain("not taken");
  expect(said).toMatch(/Ledger and store agree/);
  expect(await known(other)).toEqual(before);
});
