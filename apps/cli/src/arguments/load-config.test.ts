import { chownSync, lchownSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { tempFolder } from "../../../../test/temp-folder.ts";
import { createWorld } from "../../test/testing/fake-world.ts";
import { EXIT } from "../platform/exit-codes.ts";
import { runCli } from "../run-cli.ts";

/*
 * The configuration is code, and it runs with the operator's tokens in its environment. A file that somebody else put into a folder above must
 * not run, as git runs no hooks of a repository of another owner.
 */

const CONFIG = `export default { sources: [{ prefix: "", url: "https://o.example/{id}" }] };\n`;
const MINE = process.geteuid?.() ?? null;

let top: string;
let here: string;
beforeEach(() => {
  top = tempFolder("prewarm-config-");
  here = join(top, "site", "packages", "shop");
  mkdirSync(here, { recursive: true });
});

const put = (...path: string[]) => {
  writeFileSync(join(top, ...path), CONFIG);
  return join(top, ...path);
};

async function url({ cwd = here, uid = MINE, env = {}, flags = [] as string[] } = {}) {
  const world = createWorld({ cwd, uid, env });
  const code = await runCli(["url", "a", "--transform", "w=800", ...flags], world.context, () => {});
  return { code, said: world.stdout() + world.stderr() };
}

describe("prewarm.config.ts", () => {
  it("is found in the working directory, without a repository", async () => {
    put("site", "packages", "shop", "prewarm.config.ts");
    expect(await url()).toMatchObject({ code: EXIT.ok });
  });

  it.each(["site", "site/packages", "site/packages/shop"])(
    "is found above it, up to the repository's root: %s",
    async (folder) => {
      mkdirSync(join(top, "site", ".git"));
      put(folder, "prewarm.config.ts");
      expect(await url()).toMatchObject({ code: EXIT.ok });
    },
  );

  it("is found in a worktree, whose .git is a file", async () => {
    writeFileSync(join(top, "site", ".git"), "gitdir: elsewhere\n");
    put("site", "prewarm.config.ts");
    expect(await url()).toMatchObject({ code: EXIT.ok });
  });

  it("is not looked for above the repository's root", async () => {
    mkdirSync(join(top, "site", ".git"));
    put("prewarm.config.ts");
    expect(await url()).toEqual({ code: EXIT.usage, said: expect.stringContaining("prewarm.config.ts is not found") });
  });

  it("is not looked for above the working directory where there is no repository", async () => {
    put("site", "packages", "prewarm.config.ts");
    expect(await url()).toEqual({ code: EXIT.usage, said: expect.stringContaining("prewarm.config.ts is not found") });
  });
});

describe.skipIf(MINE === null)("prewarm.config.ts of another owner", () => {
  // Root may give a file away; anybody else is another user for the program instead.
  const [owner, uid] = MINE === 0 ? [4242, 4243] : [MINE ?? 0, (MINE ?? 0) + 1];
  const putForeign = (): string => {
    const file = put("site", "packages", "shop", "prewarm.config.ts");
    if (MINE === 0) chownSync(file, owner, owner);
    return file;
  };

  it("is refused, with the owner and how to allow it", async () => {
    const file = putForeign();
    const { code, said } = await url({ uid });
    expect(code).toBe(EXIT.usage);
    expect(said).toBe(
      `prewarm: ${file} belongs to another user (${owner}; this is ${uid}), and it would run as you.\n` +
        `  If you trust it, name it: --config ${file}, or PREWARM_CONFIG.\n`,
    );
  });

  it.runIf(MINE === 0)("is refused to root, too", async () => {
    putForeign();
    expect(await url({ uid: 0 })).toMatchObject({ code: EXIT.usage });
  });

  it("is refused by commands that can work without a configuration, too", async () => {
    putForeign();
    const world = createWorld({ cwd: here, uid, env: { ADMIN_TOKEN: "x" } });
    expect(await runCli(["warm", "a"], world.context, () => {})).toBe(EXIT.usage);
    expect(world.stderr()).toContain("belongs to another user");
  });

  it.each([
    ["--config", (file: string) => ({ flags: ["--config", file] })],
    ["PREWARM_CONFIG", (file: string) => ({ env: { PREWARM_CONFIG: file } })],
  ])("is read when %s names it", async (_, naming) => {
    expect(await url({ uid, ...naming(putForeign()) })).toMatchObject({ code: EXIT.ok });
  });

  it("is refused behind a link of somebody else's", async () => {
    const file = join(here, "prewarm.config.ts");
    symlinkSync(put("mine.ts"), file);
    if (MINE === 0) lchownSync(file, owner, owner);
    expect(await url({ uid })).toMatchObject({ code: EXIT.usage });
  });

  it.runIf(MINE === 0)(
    "is refused in a folder of somebody else, who may replace it, and is read when it is root's",
    async () => {
      put("site", "packages", "shop", "prewarm.config.ts");
      expect(await url({ uid })).toMatchObject({ code: EXIT.ok });
      chownSync(here, owner, owner);
      expect(await url({ uid })).toMatchObject({ code: EXIT.usage });
    },
  );
});
