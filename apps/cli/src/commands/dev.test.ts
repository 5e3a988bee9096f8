import { chownSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, expect, it } from "vitest";
import { createWorld } from "../../test/testing/fake-world.ts";
import { emptyDirectory } from "../../test/testing/run-prewarm.ts";
import { EXIT } from "../platform/exit-codes.ts";
import { runCli } from "../run-cli.ts";

/** Sites whose stack is a stand-in, and what other commands find of it. */

const CONFIG = `export default { sources: [{ prefix: "", url: "https://o.example/{id}" }] };\n`;
const STACK = {
  edge: "http://localhost:9701",
  control: "http://localhost:9702",
  originals: "http://localhost:9703/{id}",
};
let cwd: string;
let file: string;

/** A stack that listens, keeps what it was told, and ends at once. */
function writeStack(code: 0 | 1, more = ""): void {
  mkdirSync(join(cwd, "dev"), { recursive: true });
  const listening = JSON.stringify({ ...STACK, stateDir: join(cwd, "state") });
  writeFileSync(
    join(cwd, "dev/start-dev.ts"),
    `import { copyFileSync, writeFileSync } from "node:fs";
    export async function startDev(settings) {
      writeFileSync("${cwd}/told.json", JSON.stringify(settings));
      settings.listening(${listening});
      copyFileSync("${file}", "${cwd}/seen.json");
      ${more}
      return ${code};
    }`,
  );
}

beforeEach(() => {
  cwd = emptyDirectory();
  file = join(cwd, ".prewarm/local-stack.json");
  writeFileSync(join(cwd, "prewarm.config.ts"), CONFIG);
});

const dev = (...args: string[]) => runCli(["dev", ...args], createWorld({ cwd }).context, () => {});
const json = (path: string) => JSON.parse(readFileSync(path, "utf8"));

/** The address that a command asks while a stack's file lies there. */
async function asked(
  stack: object,
  args: string[],
  more: object = {},
  isRunning: (pid: number) => boolean = () => true,
  owner = process.geteuid?.() ?? 0,
  others: readonly object[] = [],
) {
  mkdirSync(join(cwd, ".prewarm"), { recursive: true });
  writeFileSync(file, JSON.stringify([{ pid: 7, ...STACK, stateDir: join(cwd, "state"), ...stack }, ...others]));
  chownSync(file, owner, owner);
  mkdirSync(join(cwd, "state"), { recursive: true });
  writeFileSync(join(cwd, "state/admin-token"), "of-the-stack");
  const calls: string[] = [];
  const fetch = (url: string, { headers }: RequestInit) => {
    calls.push(`${new URL(url).origin} ${new Headers(headers).get("authorization")}`);
    return new Response("{}", { status: 404 });
  };
  const world = createWorld({ cwd, fetch, isRunning, ...more });
  const code = await runCli(args, world.context, () => {});
  return { code, calls: [...new Set(calls)], stdout: world.stdout(), stderr: world.stderr() };
}

it("writes down where the stack listens while it runs, and no longer", async () => {
  writeStack(0);
  expect(await dev("--originals", "photos")).toBe(EXIT.ok);
  expect(json(join(cwd, "seen.json"))).toEqual([{ pid: process.pid, ...STACK, stateDir: join(cwd, "state") }]);
  expect(existsSync(file)).toBe(false);
  const config = join(cwd, "prewarm.config.ts");
  expect(json(join(cwd, "told.json"))).toMatchObject({
    folder: cwd,
    config,
    originals: join(cwd, "photos"),
    verbose: false,
  });
});

it("leaves the stacks beside it written down, forgets those that ended, and ends with the stack's exit code", async () => {
  mkdirSync(join(cwd, ".prewarm"));
  const [other, ended] = [1, 2].map((pid) => ({ pid, ...STACK, stateDir: join(cwd, `${pid}`) }));
  writeFileSync(file, JSON.stringify([other, ended]));
  writeStack(1);
  const world = createWorld({ cwd, isRunning: (pid: number) => pid !== 2 });
  expect(await runCli(["dev"], world.context, () => {})).toBe(EXIT.failed);
  expect(json(join(cwd, "seen.json")).map(({ pid }: { pid: number }) => pid)).toEqual([process.pid, 1]);
  expect(json(file)).toEqual([other]);
});

it("is the one that runs where a later one was killed", async () => {
  const two = { control: "http://localhost:1" };
  const { calls } = await asked(two, ["status"], { env: { ADMIN_TOKEN: "mine" } }, (pid) => pid !== 7, undefined, [
    { pid: 8, ...STACK, stateDir: join(cwd, "state") },
  ]);
  expect(calls).toEqual(["http://localhost:9702 Bearer mine"]);
});

it("lends csp the host of its originals, which the configuration does not know", async () => {
  expect((await asked({}, ["print", "csp"])).stdout).toContain(
    "img-src 'self' http://localhost:9701 http://localhost:9703\n",
  );
});

it("is found by every other command of the folder, with its token and its edge", async () => {
  expect((await asked({}, ["status"])).calls).toEqual(["http://localhost:9702 Bearer of-the-stack"]);
  expect((await asked({}, ["url", "a", "--transform", "w=320"])).stdout).toContain("http://localhost:9701/images/a?");
});

it("gives way to a flag, a variable, and STATE_DIR of another stack", async () => {
  const env = { ADMIN_TOKEN: "mine" };
  expect((await asked({}, ["status", "--url", "http://localhost:1"], { env })).calls).toEqual([
    "http://localhost:1 Bearer mine",
  ]);
  const other = { env: { ...env, STATE_DIR: "another" } };
  expect((await asked({}, ["status"], other)).calls).toEqual(["http://localhost:8788 Bearer mine"]);
  const named = { env: { ...env, PREWARM_URL: "http://localhost:2" } };
  expect((await asked({}, ["status"], named)).calls).toEqual(["http://localhost:2 Bearer mine"]);
});

it("is named when it was killed: nothing is asked", async () => {
  const { code, calls, stderr } = await asked({}, ["status"], {}, () => false);
  expect([code, calls]).toEqual([EXIT.unreachable, []]);
  expect(stderr).toMatch(
    /^prewarm: The local stack that answered at http:\/\/localhost:9702 has ended .*\n.*prewarm dev/,
  );
});

it("is not believed where another user wrote the file: a token would go to that user's server", async () => {
  const uid = process.geteuid?.() ?? 0;
  // Root's files are trusted, so as root the file is given away.
  const isRunning = () => true;
  const world = { env: { ADMIN_TOKEN: "mine" }, uid: uid === 0 ? 0 : uid + 1 };
  const { calls } = await asked({}, ["status"], world, isRunning, uid === 0 ? 1234 : uid);
  expect(calls).toEqual(["http://localhost:8788 Bearer mine"]);
});

it("says what is missing without a configuration", async () => {
  const world = createWorld({ cwd: emptyDirectory() });
  expect(await runCli(["dev"], world.context, () => {})).toBe(EXIT.usage);
  expect(world.stderr()).toMatch(/prewarm\.config\.ts is not found/);
});
