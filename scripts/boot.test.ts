import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { chmodSync, cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { dirname, join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { until } from "../test/e2e/stack.ts";
import { tempFolder } from "../test/temp-folder.ts";

/** A clone with the real boot. Its pinned pnpm installs until there is a file `done`; every other pnpm leaves a mark. */
function makeClone(bin: object = { pnpm: "pnpm" }) {
  const above = tempFolder("prewarm-boot-");
  const clone = join(above, "clone");
  const write = (name: string, text: string) => {
    mkdirSync(dirname(join(clone, name)), { recursive: true });
    writeFileSync(join(clone, name), text);
    chmodSync(join(clone, name), 0o755);
  };
  const files = { "pnpm-lock.yaml": "", "pnpm-workspace.yaml": "", "node_modules/made": "" };
  const pnpm =
    'echo "$@" > arguments\necho $$ >> installers\nwhile [ -e installers ] && ! [ -e done ]; do sleep 0.05; done';
  for (const [name, text] of Object.entries(files)) write(name, text);
  write("scripts/pnpm/fake/pnpm", `#!/bin/sh\n${pnpm}\n`);
  write("scripts/pnpm/fake/package.json", '{"name":"pnpm","version":"1.0.0","bin":"./pnpm"}');
  write("scripts/pnpm/package.json", '{"dependencies":{"pnpm":"file:fake"}}');
  const packages = {
    "node_modules/pnpm": { resolved: "fake", link: true },
    fake: { name: "pnpm", version: "1.0.0", bin },
  };
  write("scripts/pnpm/package-lock.json", JSON.stringify({ lockfileVersion: 3, packages }));
  cpSync("scripts/boot.mjs", join(clone, "scripts/boot.mjs"));
  write("../node_modules/.bin/pnpm", "#!/bin/sh\necho yes > stolen");
  const read = (name: string) => (existsSync(join(clone, name)) ? readFileSync(join(clone, name), "utf8") : "");
  const installers = () => read("installers").split("\n").filter(Boolean).map(Number);
  return { clone, write, read, installers, foreign: join(above, "node_modules/.bin") };
}

/** One start, in a process group of its own as a terminal's. */
function start({ clone, foreign }: ReturnType<typeof makeClone>) {
  const env = { ...process.env, PATH: `${foreign}:${process.env.PATH}` };
  const child = spawn(process.execPath, ["scripts/boot.mjs"], { cwd: clone, detached: true, env });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (output += chunk));
  const ended = new Promise<number | null>((resolve) => child.on("close", resolve));
  const pid = child.pid ?? 0;
  onTestFinished(() => {
    if (child.exitCode === null && child.signalCode === null) process.kill(-pid, "SIGKILL");
  });
  return { pid, ended, output: () => output };
}

/** As in `scripts/boot.mjs`, which has no exports. */
const lockPort = (clone: string) => 20_000 + (createHash("sha256").update(clone).digest().readUInt16BE() % 10_000);

/** A process that has ended may still be listed, without a command line. */
const runs = (pid: number) => existsSync(`/proc/${pid}/cmdline`) && readFileSync(`/proc/${pid}/cmdline`, "utf8") !== "";
const count = (clone: ReturnType<typeof makeClone>, n: number) =>
  until(
    `${n} installers`,
    async () => clone.installers(),
    (pids) => pids.length === n,
  );

describe.skipIf(process.platform !== "linux")("the first start", () => {
  it("uses the pinned pnpm, never another, and a second start waits for the first", async () => {
    const clone = makeClone();
    const first = start(clone);
    await count(clone, 1);
    const second = start(clone);
    await until(
      "it says who installs",
      async () => second.output(),
      (output) => output.includes(`Process ${first.pid}, another start, holds port`),
    );
    clone.write("done", "");
    expect(await Promise.all([first.ended, second.ended]), first.output()).toEqual([0, 0]);
    expect([clone.installers().length, clone.read("stolen")]).toEqual([1, ""]);
    expect(clone.read("arguments")).toMatch(/^install --frozen-lockfile .*--filter=!@prewarm\/docs-site$/m);
  });

  it("says that another program holds the port of its lock, and installs when the port is free", async () => {
    const clone = makeClone();
    clone.write("done", "");
    const other = createServer((socket) => socket.end("220 mail.example.com ESMTP\r\n"));
    onTestFinished(() => void other.close());
    await new Promise<void>((resolve) => other.listen(lockPort(clone.clone), "127.0.0.1", resolve));
    const waiting = start(clone);
    await until(
      "it says so",
      async () => waiting.output(),
      (output) => output.includes("Another program holds port"),
    );
    expect(clone.installers()).toEqual([]);
    other.close();
    expect(await waiting.ended).toBe(0);
    expect(clone.installers()).toHaveLength(1);
  });

  it("fails where npm brings no pnpm, and uses no other", async () => {
    const clone = makeClone({});
    expect(await start(clone).ended).toBe(1);
    expect(clone.read("stolen")).toBe("");
  });

  it.each([
    ["Ctrl-C, which goes to the group", "SIGINT", true],
    ["SIGTERM to boot alone", "SIGTERM", false],
    ["SIGKILL to the group", "SIGKILL", true],
  ] as const)("leaves no installer behind at %s, and the next start installs", async (_, signal, group) => {
    const clone = makeClone();
    const first = start(clone);
    await count(clone, 1);
    process.kill(group ? -first.pid : first.pid, signal);
    expect(await first.ended).not.toBe(0);
    await until(
      "no installer runs",
      async () => clone.installers().filter(runs),
      (pids) => pids.length === 0,
    );
    clone.write("done", "");
    expect(await start(clone).ended).toBe(0);
    expect(clone.installers()).toHaveLength(2);
    expect(await start(clone).ended).toBe(0);
    expect(clone.installers()).toHaveLength(2);
  });
});
