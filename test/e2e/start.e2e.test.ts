import { type ChildProcess, spawn } from "node:child_process";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { freePort } from "../../dev/listen.ts";
import { tempFolder } from "../temp-folder.ts";
import { until } from "./stack.ts";

const children: ChildProcess[] = [];
let stateDir = "";
afterAll(() => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
});

/** `npm start` as its script runs it, under a shell that does not pass signals on, as npm's. */
async function start(env: Record<string, string> = {}) {
  stateDir = tempFolder("prewarm-start-");
  const PORT = String(await freePort(0, true));
  const CONTROL_PORT = String(await freePort(0, true));
  const started = spawn("sh", ["-c", "node scripts/boot.mjs node apps/cli/src/main.ts dev; true"], {
    env: { ...process.env, PORT, CONTROL_PORT, STATE_DIR: stateDir, WATCH: "false", ...env },
    detached: true,
  });
  children.push(started);
  let output = "";
  for (const stream of [started.stdout, started.stderr]) stream?.on("data", (chunk) => (output += chunk));
  const exited = new Promise<number | null>((resolve) => started.on("exit", resolve));
  return { process: started, PORT, CONTROL_PORT, output: () => output, exited };
}

/** Waits until the start has printed all of `texts`. */
async function printed({ output }: { output(): string }, ...texts: readonly string[]): Promise<void> {
  const seen = async () => output();
  await until(texts.join(", "), seen, (text) => texts.every((one) => text.includes(one)));
}

/** Another start. Resolves when it has ended, or has printed `enough`; then it is stopped. */
async function startSecond(env: Record<string, string>, enough?: string) {
  const second = spawn("node", ["scripts/boot.mjs", "node", "apps/cli/src/main.ts", "dev"], {
    env: { ...process.env, WATCH: "false", ...env },
  });
  children.push(second);
  let output = "";
  const exited = new Promise<number | null>((resolve) => second.on("exit", resolve));
  for (const stream of [second.stdout, second.stderr])
    stream.on("data", (chunk) => {
      output += chunk;
      if (enough !== undefined && output.includes(enough)) second.kill("SIGTERM");
    });
  return { code: await exited, output };
}

/** Processes whose environment names this state folder: ours, however they were started (Linux). */
async function left(): Promise<string[]> {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  const found: string[] = [];
  for (const pid of pids) {
    const environ = await readFile(`/proc/${pid}/environ`, "utf8").catch(() => "");
    const state = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
    if (environ.includes(stateDir) && !/\) Z /.test(state)) found.push(pid);
  }
  return found;
}

describe.skipIf(process.platform !== "linux")("npm start", () => {
  describe("while it runs", () => {
    let stack: Awaited<ReturnType<typeof start>>;
    beforeAll(async () => {
      stack = await start();
      await printed(stack, "ready edge=", "Hook secret");
    });

    it("says it is ready when both answer, and prints what one needs", async () => {
      const ready = `ready edge=http://localhost:${stack.PORT} control=http://localhost:${stack.CONTROL_PORT}`;
      expect(stack.output()).toContain(ready);
      for (const port of [stack.PORT, stack.CONTROL_PORT]) {
        expect((await fetch(`http://localhost:${port}/healthz`)).status).toBe(200);
      }
      expect(stack.output().match(/\/images\/\S+\?\S+/g)).toHaveLength(3);
      const token = (await readFile(join(stateDir, "admin-token"), "utf8")).trim();
      expect(stack.output()).toMatch(
        new RegExp(
          `^ready .*\\n.*\\n\\nGallery      http://localhost:${stack.CONTROL_PORT}/gallery#token=${token} `,
          "m",
        ),
      );
      expect(stack.output()).toContain(`Dashboard    http://localhost:${stack.CONTROL_PORT}/#token=${token}`);
      expect(stack.output()).toContain(`Admin token  ${token}`);
      expect(stack.output()).toMatch(/One image can have \d{3} variants that need no signature/);
    });

    it("binds loopback only", async () => {
      const tcp = await readFile("/proc/net/tcp", "utf8");
      const listening = tcp.split("\n").filter((line) => / 0A /.test(line));
      for (const port of [stack.PORT, stack.CONTROL_PORT]) {
        const hex = Number(port).toString(16).toUpperCase().padStart(4, "0");
        const bound = listening.filter((line) => line.includes(`:${hex} `)).map((line) => line.trim().split(/\s+/)[1]);
        expect(bound).toEqual([`0100007F:${hex}`]);
      }
    });

    it("says which port is taken", async () => {
      const second = await startSecond({ PORT: stack.PORT, STATE_DIR: join(stateDir, "another") });
      expect(second.code).toBe(1);
      expect(second.output).toContain(`Port ${stack.PORT} is in use`);
    });

    it("refuses a second stack on the same STATE_DIR, and says who holds it; after a SIGKILL it starts", async () => {
      const ports = { PORT: String(await freePort(0, true)), CONTROL_PORT: String(await freePort(0, true)) };
      const refused = await startSecond({ ...ports, STATE_DIR: stateDir });
      expect(refused.code).toBe(1);
      expect(refused.output).toMatch(
        /^prewarm: STATE_DIR .* is in use: process \d+ runs a stack on it since \S+ \S+ UTC/m,
      );
      expect(refused.output).toContain(
        `(edge http://localhost:${stack.PORT}, control http://localhost:${stack.CONTROL_PORT})`,
      );
      expect((await fetch(`http://localhost:${stack.CONTROL_PORT}/healthz`)).status).toBe(200);
      process.kill(-(stack.process.pid ?? 0), "SIGKILL");
      const [, killed] = /process (\d+) runs a stack/.exec(refused.output) ?? [];
      await vi.waitFor(() => expect(() => process.kill(Number(killed), 0)).toThrow("ESRCH"), 10_000);
      const again = await startSecond({ ...ports, STATE_DIR: stateDir }, "ready edge=");
      expect(again.output).toContain(`ready edge=http://localhost:${ports.PORT}`);
    });
  });

  it.each<[string, (pid: number) => void]>([
    ["SIGTERM to npm's shell", (pid) => process.kill(pid, "SIGTERM")],
    ["Ctrl-C, which goes to the whole group", (pid) => process.kill(-pid, "SIGINT")],
  ])("leaves no process at %s", async (_, stop) => {
    const stack = await start();
    await printed(stack, "ready edge=");
    stop(stack.process.pid ?? 0);
    await stack.exited;
    await until("nothing is left", left, (pids) => pids.length === 0);
  });

  it("does not come up as ready when a hook's secret cannot be one, and says how to set it", async () => {
    const stack = await start({ HOOK_SECRET: "abc" });
    await stack.exited;
    expect(stack.output()).toContain("NOT READY\nenvironment: HOOK_SECRET: it is not whsec_ and base64");
    expect(stack.output()).not.toMatch(/^ready edge=/m);
    await until("nothing is left", left, (pids) => pids.length === 0);
  });
});
