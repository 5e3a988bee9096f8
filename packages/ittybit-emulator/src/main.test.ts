import { spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";

const MAIN = join(import.meta.dirname, "main.ts");

function run(...options: string[]) {
  const child = spawn(process.execPath, [MAIN, ...options]);
  onTestFinished(() => void child.kill("SIGKILL"));
  let text = "";
  child.stdout.on("data", (chunk) => (text += String(chunk)));
  child.stderr.on("data", (chunk) => (text += String(chunk)));
  const exit = new Promise<number | null>((resolve) => child.once("exit", resolve));
  return { child, exit, text: () => text };
}

it("prints where it listens, with the profile, key and faults it was given, and stops on SIGTERM", async () => {
  const directory = await mkdtemp(join(tmpdir(), "emulator-main-"));
  onTestFinished(() => rm(directory, { recursive: true }));
  const file = join(directory, "faults.json");
  await writeFile(file, JSON.stringify([{ fault: { type: "status", status: 402 }, on: "list" }]));
  const emulator = run("--port", "0", "--profile", "guide", "--key", "k", "--fault", file, "--job-ms", "1-2");
  await expect.poll(emulator.text, { timeout: 20_000 }).toMatch(/ready api=http:\/\/127\.0\.0\.1:\d+ .*profile=guide/);
  const apiUrl = /api=(\S+)/.exec(emulator.text())?.[1] ?? "";
  expect((await fetch(`${apiUrl}/jobs`, { headers: { authorization: "Bearer no" } })).status).toBe(401);
  expect((await fetch(`${apiUrl}/jobs`, { headers: { authorization: "Bearer k" } })).status).toBe(402);
  emulator.child.kill("SIGTERM");
  expect(await emulator.exit).toBe(0);
});

it.each([
  ["--port", "many"],
  ["--profile", "2024"],
  ["--job-ms", "5"],
  ["--fault", "/nowhere.json"],
  ["--colour", "red"],
])("explains itself and exits 1 for %s %s", async (...options) => {
  const { exit, text } = run("--port", "0", ...options);
  expect(await exit).toBe(1);
  expect(text()).toContain("ittybit-emulator [options]");
});
