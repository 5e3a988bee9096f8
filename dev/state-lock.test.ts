import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { tempFolder } from "../test/temp-folder.ts";
import { lockState } from "./state-lock.ts";

const MODULE = join(import.meta.dirname, "state-lock.ts");
const URLS = { edge: "http://localhost:1", control: "http://localhost:2" };
const NOW = new Date("2026-11-28T17:45:09.000Z");

/** A process that holds the folder until it is killed. */
async function holdElsewhere(folder: string): Promise<ChildProcess> {
  const code = `import { lockState } from ${JSON.stringify(MODULE)};
    lockState(${JSON.stringify(folder)}, new Date(${NOW.getTime()})).tell(${JSON.stringify(URLS)});
    console.log("held");
    process.stdin.resume();`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", code], { stdio: ["pipe", "pipe", "inherit"] });
  onTestFinished(() => void child.kill("SIGKILL"));
  await once(child.stdout, "data");
  return child;
}

describe("a state folder that a stack works on", () => {
  it("is refused to a second one, which is told the process, its addresses and the time", async () => {
    const folder = tempFolder("prewarm-state-");
    const { pid } = await holdElsewhere(folder);
    expect(() => lockState(folder, NOW)).toThrow(
      `STATE_DIR ${folder} is in use: process ${pid} runs a stack on it since 2026-11-28 17:45:09 UTC ` +
        `(edge http://localhost:1, control http://localhost:2). Two stacks on one ledger would falsify it. Stop that one (kill ${pid}), `,
    );
  });

  it("is free as soon as its process is killed: no lock outlives its owner", async () => {
    const folder = tempFolder("prewarm-state-");
    const child = await holdElsewhere(folder);
    const exited = once(child, "exit");
    child.kill("SIGKILL");
    await exited;
    lockState(folder, NOW).release();
  });

  it("is refused within one process too, until it is given back", () => {
    const folder = tempFolder("prewarm-state-");
    const first = lockState(folder, NOW);
    expect(() => lockState(folder, NOW)).toThrow(`process ${process.pid} runs a stack on it`);
    first.release();
    lockState(folder, NOW).release();
  });
});
