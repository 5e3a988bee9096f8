import { spawn } from "node:child_process";
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { hostname } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { tempFolder } from "../test/temp-folder.ts";

/*
 * `scripts/boot.mjs` in a clone whose parent folder belongs to an attacker, as in a shared temporary folder. Every program and every
 * configuration file that npm, pnpm or corepack would read there leaves a mark or names a registry of the attacker.
 */

const ROOT = dirname(import.meta.dirname);
const read = (name: string): string => readFileSync(join(ROOT, name), "utf8");
const { packageManager }: { packageManager: string } = JSON.parse(read("package.json"));
const PNPM = join(".boot-cache", `pnpm-${packageManager.split(/[@+]/)[1]}`);

/** Waits for a condition that another process brings about. */
async function until(what: string, holds: () => boolean): Promise<void> {
  for (const deadline = Date.now() + 20_000; !holds(); await new Promise((resolve) => setTimeout(resolve, 20)))
    if (Date.now() > deadline) throw new Error(`${what}: not within 20 s`);
}

interface Ended {
  code: number | null;
  output: string;
}

function run(args: readonly string[], options: { cwd: string; env: NodeJS.ProcessEnv }): Promise<Ended> {
  const child = spawn(process.execPath, args, options);
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (output += chunk));
  return new Promise((resolve) => child.on("close", (code) => resolve({ code, output })));
}

/** A registry that has no package. It records each path that it is asked for. */
async function registry() {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url ?? "");
    response.writeHead(404).end("{}");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  return { asked, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/` };
}

/** A repository like ours that installs nothing: the real boot, the real pins, no dependency. */
function makeClone(folder: string): void {
  mkdirSync(folder, { recursive: true });
  cpSync(join(ROOT, "scripts"), join(folder, "scripts"), {
    recursive: true,
    filter: (path) => !path.endsWith(".ts") || path.endsWith(".d.mts"),
  });
  writeFileSync(join(folder, "package.json"), JSON.stringify({ name: "clone", private: true, packageManager }));
  writeFileSync(join(folder, "pnpm-workspace.yaml"), "packages: []\npmOnFail: ignore\n");
  writeFileSync(join(folder, "pnpm-lock.yaml"), "lockfileVersion: '9.0'\n\nimporters:\n\n  .: {}\n");
}

function program(file: string, body: string): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `#!/bin/sh\n${body}\n`);
  chmodSync(file, 0o755);
}

/** What an attacker can put into the parent folder. `marks` is written by whatever of it runs. */
function makeHostile(parent: string, theirs: string): { marks: string; path: string } {
  const marks = join(parent, "marks");
  const mark = `echo "$0 $*" >> '${marks}'`;
  const version = packageManager.split(/[@+]/)[1];
  const script = `require("node:fs").appendFileSync(${JSON.stringify(marks)}, "pnpmfile\\n");`;
  const files = {
    "package.json": JSON.stringify({ packageManager: `pnpm@${version}`, workspaces: ["clone", `clone/${PNPM}`] }),
    ".corepack.env": `COREPACK_NPM_REGISTRY=${theirs}\nCOREPACK_INTEGRITY_KEYS=0\n`,
    ".npmrc": `registry=${theirs}\n@pnpm:registry=${theirs}\nglobal-pnpmfile=${join(parent, ".pnpmfile.cjs")}\n`,
    "pnpm-workspace.yaml": `packages: ["clone"]\nregistry: ${theirs}\n`,
    ".pnpmfile.cjs": script,
  };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(parent, name), text);
  const bins = join(parent, "node_modules", ".bin");
  for (const name of ["node", "npm", "pnpm", "sh"]) program(join(bins, name), mark);
  // A shim of corepack's: it runs what the folder that it is called in names.
  const shims = join(parent, "shims");
  program(join(shims, "pnpm"), `${mark}\necho ${version}`);
  return { marks, path: [join(parent, "clone", "node_modules", ".bin"), bins, shims].join(delimiter) };
}

async function attack() {
  const parent = tempFolder("prewarm-boot-");
  const clone = join(parent, "clone");
  const home = join(parent, "home");
  mkdirSync(home);
  makeClone(clone);
  const [theirs, ours] = [await registry(), await registry()];
  writeFileSync(join(home, ".npmrc"), `registry=${ours.url}\n`);
  const { marks, path } = makeHostile(parent, theirs.url);
  const own = Object.entries(process.env).filter(([name]) => !/^(npm|pnpm|corepack)_/i.test(name));
  const env: NodeJS.ProcessEnv = {
    ...(Object.fromEntries(own) as NodeJS.ProcessEnv),
    HOME: home,
    PATH: [path, process.env.PATH].join(delimiter),
    // What `npm start` hands on when npm took the parent for the root of a workspace.
    npm_config_local_prefix: parent,
    npm_config_registry: theirs.url,
  };
  const boot = () => run([join(clone, "scripts", "boot.mjs"), "install"], { cwd: clone, env });
  const ran = () => (existsSync(marks) ? readFileSync(marks, "utf8") : "");
  return { clone, boot, ran, theirs: theirs.asked, ours: ours.asked };
}

describe.skipIf(process.platform === "win32")("a clone in an attacker's folder", () => {
  beforeAll(async () => {
    const { code, output } = await run(["scripts/boot.mjs", "pnpm", "--version"], { cwd: ROOT, env: process.env });
    if (code !== 0) throw new Error(output);
  });

  it("is installed by the pinned pnpm: nothing of the folder runs, and its registry is asked for nothing", async () => {
    const { clone, boot, ran, theirs } = await attack();
    mkdirSync(join(clone, ".boot-cache"));
    symlinkSync(join(ROOT, PNPM), join(clone, PNPM));
    const { code, output } = await boot();
    expect({ code, ran: ran(), theirs }, output).toEqual({ code: 0, ran: "", theirs: [] });
  });

  it("asks the user's own registry for pnpm", async () => {
    const { boot, ran, theirs, ours } = await attack();
    const { output } = await boot();
    expect({ ran: ran(), theirs }, output).toEqual({ ran: "", theirs: [] });
    expect(ours.some((path) => path.includes("pnpm"))).toBe(true);
  });
});

/** A clone whose pnpm writes its process id into `installing`, and ends when `done` exists or the clone is gone. */
function slowClone() {
  const clone = tempFolder("prewarm-boot-");
  makeClone(clone);
  const [installing, done] = [join(clone, "installing"), join(clone, "done")];
  program(
    join(clone, PNPM, "node_modules", ".bin", "pnpm"),
    `echo $$ >> '${installing}'\nwhile [ -e '${installing}' ] && ! [ -e '${done}' ]; do sleep 0.05; done`,
  );
  const lock = join(clone, ".boot-lock");
  /** The processes that install, or have installed. */
  const installers = () =>
    existsSync(installing) ? readFileSync(installing, "utf8").trim().split("\n").map(Number) : [];
  return { clone, lock, installers, finish: () => writeFileSync(done, "") };
}

/** One start, in a process group of its own as a terminal's. */
function start(clone: string) {
  const child = spawn(process.execPath, [join(clone, "scripts", "boot.mjs"), "install"], {
    cwd: clone,
    detached: true,
  });
  const { pid } = child;
  if (pid === undefined) throw new Error("boot did not start");
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (output += chunk));
  const ended = new Promise<number | null>((resolve) => child.on("close", (code) => resolve(code)));
  onTestFinished(() => {
    if (child.exitCode === null && child.signalCode === null) process.kill(-pid, "SIGKILL");
  });
  return { pid, ended, output: () => output };
}

function runs(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

describe.skipIf(process.platform === "win32")("the install lock", () => {
  it.each([
    ["Ctrl-C, which goes to the whole group", "SIGINT", 130, true],
    ["SIGTERM to boot alone", "SIGTERM", 143, false],
  ] as const)("is given back at %s, and no installer stays", async (_, signal, code, group) => {
    const { clone, lock, installers } = slowClone();
    const first = start(clone);
    await until("an installer runs", () => installers().length === 1);
    expect(existsSync(lock)).toBe(true);
    process.kill(group ? -first.pid : first.pid, signal);
    expect(await first.ended).toBe(code);
    expect(existsSync(lock)).toBe(false);
    expect(installers().filter(runs)).toEqual([]);
  });

  it("makes a second start wait, which says for which process and how to end it", async () => {
    const { clone, installers, finish } = slowClone();
    const first = start(clone);
    await until("an installer runs", () => installers().length === 1);
    const second = start(clone);
    await until("the second start waits", () => second.output().includes("Another install is under way"));
    expect(second.output()).toContain(`process ${first.pid}, since `);
    expect(second.output()).toContain(`To end it: kill ${first.pid}\n`);
    finish();
    expect(await Promise.all([first.ended, second.ended])).toEqual([0, 0]);
    expect(installers()).toHaveLength(1);
  });

  it("of a start that was killed is taken at once", async () => {
    const { clone, lock, installers, finish } = slowClone();
    const first = start(clone);
    await until("an installer runs", () => installers().length === 1);
    process.kill(-first.pid, "SIGKILL");
    await first.ended;
    expect(existsSync(lock)).toBe(true);
    finish();
    const second = start(clone);
    expect(await second.ended).toBe(0);
    expect(second.output()).not.toContain("Another install");
    expect(existsSync(lock)).toBe(false);
  });

  const since = new Date().toISOString();
  it.each([
    ["a process whose number another one has now", { pid: process.pid, host: hostname() }],
    ["another machine, ten minutes ago", { pid: 1, host: "elsewhere" }],
  ])("of %s is taken at once", async (_, owner) => {
    const { clone, lock, finish } = slowClone();
    finish();
    writeFileSync(lock, JSON.stringify({ ...owner, born: "1", since }));
    utimesSync(lock, 0, 0);
    const { ended, output } = start(clone);
    expect(await ended).toBe(0);
    expect(output()).not.toContain("Another install");
  });

  it("of an earlier boot, a folder, is taken at once", async () => {
    const { clone, lock, finish } = slowClone();
    finish();
    mkdirSync(lock);
    expect(await start(clone).ended).toBe(0);
    expect(existsSync(lock)).toBe(false);
  });

  it("of another machine is waited for, and the message names the file to remove", async () => {
    const { clone, lock, installers } = slowClone();
    writeFileSync(lock, JSON.stringify({ pid: 1, born: "1", host: "elsewhere", since }));
    const { pid, ended, output } = start(clone);
    await until("it waits", () => output().includes(`process 1 on elsewhere, since `));
    expect(output()).toContain(`rm ${lock}`);
    process.kill(pid, "SIGTERM");
    await ended;
    expect(installers()).toEqual([]);
    expect(existsSync(lock)).toBe(true);
  });
});
