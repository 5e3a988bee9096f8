import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { EXIT } from "../src/platform/exit-codes.ts";
import { COMMANDS } from "../src/program.ts";
import { VERSION } from "../src/version.ts";
import { type FakeLedger, startFakeLedger, TOKEN } from "./testing/fake-ledger.ts";
import { emptyDirectory, nodes, runPrewarm, startProgram, unpackedProgram } from "./testing/run-prewarm.ts";

/** The command line away from this repository: packed, unpacked, and called from anywhere. */

const ROOT = join(import.meta.dirname, "../../..");

const versionOf = (node: string) => spawnSync(node, ["--version"], { encoding: "utf8" }).stdout.trim();

let api: FakeLedger;
let program: string;

beforeAll(async () => {
  api = await startFakeLedger();
  program = unpackedProgram();
}, 120_000);
afterAll(() => api.close());

it("packs one program, its licences and nothing that is to be installed", () => {
  const home = dirname(dirname(program));
  expect(readdirSync(home).sort()).toEqual(["LICENSE", "README.md", "THIRD-PARTY.txt", "dist", "package.json"]);
  // The library of `mcp` is nearly half of it (decisions/03). With zod's translations, which `import { z }` brings along, it has half a megabyte more.
  expect(statSync(program).size).toBeLessThan(2_100_000);
  const manifest = JSON.parse(readFileSync(join(home, "package.json"), "utf8"));
  expect(manifest).toMatchObject({ name: "prewarm", bin: { prewarm: "dist/prewarm.mjs" }, engines: { node: ">=20" } });
  expect(manifest).not.toHaveProperty("dependencies");
  const licences = readFileSync(join(home, "THIRD-PARTY.txt"), "utf8");
  for (const name of ["parse5", "entities", "picocolors", "smol-toml", "zod", "hono", "preact"])
    expect(licences).toContain(`${name} `);
});

describe.each(nodes().map((node) => [versionOf(node), node]))("the packed program on Node %s", (_, node) => {
  const run = (args: readonly string[], cwd = emptyDirectory()) =>
    startProgram(node, [program, ...args], { cwd, url: api.url }).ended;

  it("says its version and helps", async () => {
    expect(await run(["--version"])).toEqual({ code: EXIT.ok, stdout: `${VERSION}\n`, stderr: "" });
    const { code, stdout } = await run(["--help"]);
    expect(code).toBe(EXIT.ok);
    for (const { name } of COMMANDS) expect(stdout).toContain(`\n  ${name.split(" ")[0]}`);
    expect(await run(["help", "ledger", "export"])).toMatchObject({ code: EXIT.ok, stderr: "" });
  });

  it("warms a file of the folder it stands in, and keeps its state there", async () => {
    const cwd = emptyDirectory();
    mkdirSync(join(cwd, "lists"));
    writeFileSync(join(cwd, "lists/images.txt"), "packed-a\npacked-b\n");
    const { code, stderr } = await run(["warm", "--file", "lists/images.txt"], cwd);
    expect([code, stderr]).toEqual([EXIT.ok, expect.stringContaining("2 items: ")]);
    expect(readdirSync(join(cwd, ".prewarm"))).toHaveLength(1);
  });

  it("warms what a built page asks for and waits for it", async () => {
    const cwd = emptyDirectory();
    mkdirSync(join(cwd, "dist/deep"), { recursive: true });
    const images = `${api.url}/images`;
    writeFileSync(
      join(cwd, "dist/deep/index.html"),
      `<img src='${images}/one.jpg?w=800&amp;f=auto' srcset="${images}/one.jpg?w=400 400w, ${images}/one.jpg?w=800&amp;f=auto 800w">
       <style>.hero { background: url(${images}/two.jpg?w=64) }</style>`,
    );
    const { code, stdout } = await run(["warm", "--html", "dist", "--edge-url", api.url, "--wait", "--json"], cwd);
    expect([code, JSON.parse(stdout)]).toMatchObject([EXIT.ok, { images: 3, bad: 0 }]);
    expect(api.received.filter(({ path }) => path.startsWith("/api/v1/warm")).at(-1)?.body).toContain(
      '"items":[{"id":"one.jpg","transforms":["w=800&f=auto"]},{"id":"one.jpg","transforms":["w=400"]},{"id":"two.jpg","transforms":["w=64"]}]',
    );
  });

  it("reads a configuration in TypeScript, or says which Node does", async () => {
    const cwd = emptyDirectory();
    writeFileSync(join(cwd, "prewarm.config.ts"), "const sources: string[] = []; export default { sources };");
    const { code, stderr } = await run(["url", "a"], cwd);
    const old = versionOf(node).startsWith("v20");
    expect(code).toBe(old ? EXIT.usage : EXIT.ok);
    if (old) expect(stderr).toContain("Install Node 22.18 or later");
  });

  it("cannot read a configuration that imports defineConfig where no package is installed, and says what to do", async () => {
    const cwd = emptyDirectory();
    const config = 'import { defineConfig } from "prewarm/config"; export default defineConfig({ sources: [] });';
    writeFileSync(join(cwd, "prewarm.config.ts"), config);
    const { code, stderr } = await run(["url", "a"], cwd);
    const hint = versionOf(node).startsWith("v20")
      ? "Install Node 22.18 or later"
      : "export default { sources: [ … ] }";
    expect([code, stderr]).toEqual([EXIT.usage, expect.stringContaining(hint)]);
  });
});

describe("npm run prewarm", () => {
  it("reads and writes where one stands, also from another folder, with this repository's configuration", async () => {
    const cwd = emptyDirectory();
    writeFileSync(join(cwd, "images.txt"), "https://cdn.example.com/originals/from-afar.jpg\n");
    const env = { ...process.env, ADMIN_TOKEN: TOKEN, PREWARM_URL: api.url };
    const args = ["--prefix", ROOT, "run", "-s", "prewarm", "--", "warm", "--file", "images.txt"];
    const { status, stderr } = await startProgram("npm", args, { cwd, env }).ended.then(({ code, stderr }) => ({
      status: code,
      stderr,
    }));
    expect([status, stderr]).toEqual([EXIT.ok, expect.stringContaining("1 item: ")]);
    expect([...api.jobs.keys()].filter((key) => key.startsWith("from-afar.jpg"))).not.toEqual([]);
    expect(existsSync(join(cwd, ".prewarm"))).toBe(true);
  });
});

describe("help, version and completion", () => {
  const run = (args: readonly string[]) => runPrewarm(args, { cwd: emptyDirectory() });

  it("refuses a shell that it does not know, and an empty line", async () => {
    expect(await run(["completion", "csh"])).toMatchObject({
      code: EXIT.usage,
      stderr: expect.stringContaining("bash, zsh, fish"),
    });
    expect(await run(["completion"])).toMatchObject({ code: EXIT.usage });
    expect(await run([])).toMatchObject({ code: EXIT.usage, stderr: expect.stringContaining("Usage: prewarm") });
  });

  it.each([
    [["wa"], ["warm"]],
    [
      ["ledger", ""],
      ["export", "restore"],
    ],
    [
      ["print", ""],
      ["client", "csp", "wrangler"],
    ],
    [["warm", "--only"], ["--only-missing"]],
    [["hook", "test", "--bo"], ["--body"]],
    [
      ["jobs", "--lane", ""],
      ["live", "upload", "bulk"],
    ],
    [["completion", "b"], ["bash"]],
  ])("completes %j in bash", async (words, expected) => {
    const { stdout } = await run(["completion", "bash"]);
    const line = ["prewarm", ...words].map((word) => `'${word}'`).join(" ");
    const script = `${stdout}\nCOMP_WORDS=(${line}); COMP_CWORD=${words.length}; _prewarm; printf '%s\\n' "\${COMPREPLY[@]}"`;
    const shell = spawnSync("bash", ["-c", script], { encoding: "utf8" });
    expect(shell.stderr).toBe("");
    expect(shell.stdout.trim().split("\n")).toEqual(expected);
  });

  it("names every command and flag for fish and zsh", async () => {
    const [fish, zsh] = [(await run(["completion", "fish"])).stdout, (await run(["completion", "zsh"])).stdout];
    for (const { name, flags } of COMMANDS) {
      expect(fish).toContain(`-a ${name.split(" ")[0]}`);
      for (const flag of Object.keys(flags))
        expect([fish.includes(`-l ${flag}`), zsh.includes(`--${flag}`)]).toEqual([true, true]);
    }
  });
});

describe("the action of examples/ci", () => {
  const action = readFileSync(join(ROOT, "examples/ci/action.yml"), "utf8");
  const given: Record<string, string> = {
    html: "dist",
    site: "",
    timeout: "20s",
    "edge-url": "https://images.example.com",
    token: TOKEN,
  };

  /** Runs its step as the hosted runner does: the script by bash, each input by its variable. */
  function runAction(html: string, cwd: string) {
    const inputs = { ...given, html, "control-url": api.url };
    const env = [...action.matchAll(/^ +([A-Z_]+): \$\{\{ inputs\.([\w-]+) \}\}$/gm)].map(
      ([, name = "", input = ""]) => [name, (inputs as Record<string, string>)[input] ?? ""],
    );
    const [, script = ""] = action.split("run: |\n");
    const github = {
      GITHUB_ACTION_PATH: dirname(program),
      GITHUB_REPOSITORY: "me/site",
      GITHUB_SHA: "0123456789abcdef",
    };
    return startProgram("bash", ["-e", "-o", "pipefail", "-c", script], {
      cwd,
      env: { ...Object.fromEntries(env), ...github },
    }).ended;
  }

  it("warms a build's pages and waits, and fails where they name no image", async () => {
    const cwd = emptyDirectory();
    mkdirSync(join(cwd, "dist"));
    const page = join(cwd, "dist/index.html");
    writeFileSync(page, '<img src="https://images.example.com/images/a?w=320&amp;f=webp">');
    expect(await runAction("dist", cwd)).toMatchObject({ code: EXIT.ok });
    expect(
      JSON.parse(api.received.findLast(({ path }) => path.startsWith("/api/v1/warm"))?.body ?? "{}"),
    ).toMatchObject({
      items: [{ id: "a", transforms: ["w=320&f=webp"] }],
      label: "me/site@0123456789ab",
    });
    writeFileSync(page, "<p>no image</p>");
    expect((await runAction("dist", cwd)).code).toBe(EXIT.usage);
  });

  it("puts no input into its script: it would be run", () => {
    expect(action.split("run: |")[1]).not.toContain("{{");
  });
});
