import { stripVTControlCharacters } from "node:util";
import { describe, expect, it } from "vitest";
import { createWorld } from "../test/testing/fake-world.ts";
import { type Arguments, COMMON_FLAGS, type Command, DESCRIPTION_MAX } from "./arguments/command.ts";
import { runCommandLine } from "./command-line.ts";
import { EXIT } from "./platform/exit-codes.ts";
import { COMMANDS, GROUPS } from "./program.ts";
import { VERSION } from "./version.ts";

/** What a command line gives its command, and what it prints. Nothing runs. */
async function read(argv: readonly string[], isTTY = false) {
  const given: { command: Command; args: Arguments }[] = [];
  const written = { stdout: [] as string[], stderr: [] as string[] };
  const stream = (name: keyof typeof written) => ({ isTTY, write: (text: string) => written[name].push(text) });
  const { context } = createWorld({ fetch: () => new Response() });
  const streams = { ...context, stdout: stream("stdout"), stderr: stream("stderr"), env: {} } as never;
  const code = await runCommandLine(argv, streams, async (command, args) => void given.push({ command, args }));
  return { code, ...given[0], stdout: written.stdout.join(""), stderr: written.stderr.join("") };
}

describe("a command line", () => {
  it("has flags before and after operands, letters, repeats and what follows --", async () => {
    const words = ["-q", "a", "--preset", "1", "--preset=2", "--rate", "-5", "--", "--force"];
    const { command, args } = await read(["warm", ...words]);
    expect([command?.name, args?.operands]).toEqual(["warm", ["a", "--force"]]);
    expect([args?.flag("quiet"), args?.flag("force"), args?.flag("dry-run")]).toEqual([true, false, false]);
    expect([args?.list("preset"), args?.text("rate"), args?.text("label")]).toEqual([["1", "2"], "-5", null]);
  });

  it("gives a flag to the command that it follows, where two have it", async () => {
    const { command, args } = await read(["ledger", "export", "--url", "https://a.example"]);
    expect([command?.name, args?.text("url")]).toEqual(["ledger export", "https://a.example"]);
    expect((await read(["ledger", "restore", "--url", "https://b.example"])).args?.text("url")).toBe(
      "https://b.example",
    );
  });

  it.each([
    [["wram"], "Unknown command 'wram'. Did you mean warm?"],
    [["ledger", "exprot"], "Unknown command 'exprot'. Did you mean export?"],
    [["jobs", "--stat", "x"], "Unknown option '--stat'. Did you mean --state?"],
    [["gate", "--env", "staging"], "Unknown option '--env'. Did you mean --to <name>?"],
    [["destroy", "--force"], "Unknown option '--force'. Did you mean --confirm <name>?"],
    [["provision", "--force"], "Unknown option '--force'. Did you mean -y, --yes?"],
    [["jobs", "-z"], "Unknown option '-z'."],
    [["undeploy"], "Unknown command 'undeploy'. Did you mean destroy?"],
    [["jobs", "--state", "lost"], "--state takes queued"],
    [["jobs", "--limit", "1", "--limit", "2"], "--limit is given twice."],
    [["jobs", "--limit="], "--limit needs a value."],
    [["jobs", "--limit", "--json"], "--limit needs a value."],
    [["jobs", "--limit"], "argument missing."],
    [["jobs", "--json=yes"], "Unknown option '--json=yes'."],
    [["url"], "prewarm url needs <id|url…>."],
    [["jobs", "y"], "prewarm jobs does not take “y”."],
    [["completion", "csh"], "needs a shell: bash, zsh, fish."],
  ])("is refused: %j", async (argv, message) => {
    await expect(read(argv)).rejects.toMatchObject({ exitCode: EXIT.usage, message: expect.stringContaining(message) });
  });

  it.each([[[]], [["hook"]]])("without a command, %j, prints the help on stderr and is a wrong usage", async (argv) => {
    const { code, stdout, stderr, command } = await read(argv);
    expect([code, stdout, command]).toEqual([EXIT.usage, "", undefined]);
    expect(stderr).toContain("hook test");
  });

  it("takes a flag that the command does not declare for a bug", async () => {
    const { args } = await read(["jobs"]);
    expect(() => args?.flag("other")).toThrow("declares no flag");
  });
});

it.each(["-v", "--version"])("%s prints the version", async (flag) => {
  const { code, stdout } = await read([flag]);
  expect([code, stdout]).toEqual([EXIT.ok, `${VERSION}\n`]);
});

describe("help", () => {
  it.each([[["--help"]], [["help"]]])(
    "%j lists every command in its group, a line each of 80 columns",
    async (argv) => {
      const { code, stdout } = await read(argv);
      expect(code).toBe(EXIT.ok);
      const lines = stdout.split("\n");
      expect(lines.filter((line) => line.length > 80)).toEqual([]);
      const titles = Object.keys(GROUPS).map((group) => lines.indexOf(group.toUpperCase()));
      for (const [at, commands] of Object.values(GROUPS).entries()) {
        const listed = lines
          .slice((titles[at] ?? 0) + 1, titles[at + 1])
          .map((line) => line.trim().replace(/ +/g, " "));
        for (const { name, description } of commands) expect(listed).toContain(`${name} ${description}`);
      }
    },
  );

  it("is short: a clause for each command", () => {
    for (const { description, more = "It ends." } of COMMANDS) {
      expect(description).toMatch(/^[A-Z][^.;]+$/);
      expect(description.length).toBeLessThanOrEqual(DESCRIPTION_MAX);
      expect(more).toMatch(/\.$/);
    }
  });

  it.each(COMMANDS.map(({ name, ...command }) => [name, command] as const))(
    "%s --help shows its usage, every flag and every example",
    async (name, { flags, examples }) => {
      const { stdout, command } = await read([...name.split(" "), "--help"]);
      expect(command).toBeUndefined();
      expect(stdout).toContain(`Usage: prewarm ${name}`);
      for (const flag of Object.keys({ ...flags, ...COMMON_FLAGS })) expect(stdout).toContain(`--${flag}`);
      for (const example of examples) expect(stdout).toContain(`  ${example}`);
    },
  );

  it("is the same in colours", async () => {
    const [plain, painted] = [await read(["jobs", "--help"]), await read(["jobs", "--help"], true)];
    expect(painted.stdout).not.toBe(plain.stdout);
    expect(stripVTControlCharacters(painted.stdout)).toBe(plain.stdout);
  });
});

it.each(COMMANDS.map((command) => [command.name, command] as const))(
  "%s takes every example in its own help",
  async (_, { examples }) => {
    for (const example of examples) {
      const line = example.replace(/^.*\| /, "").replace(/ > \S+$/, "");
      const words = [...line.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, bare]) => quoted ?? bare ?? "");
      expect((await read(words.slice(1))).command).toBeDefined();
    }
  },
);
