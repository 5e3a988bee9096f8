import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { defineConfig, type UserConfig } from "@prewarm/shared/config";
import { printFiles, REPOSITORY } from "@prewarm/wrangler-files/wrangler-files";
import { describe, expect, it } from "vitest";
import { createWorld } from "../../test/testing/fake-world.ts";
import { emptyDirectory } from "../../test/testing/run-prewarm.ts";
import { EXIT } from "../platform/exit-codes.ts";
import { runCli } from "../run-cli.ts";

const SITE: UserConfig = {
  sources: [{ prefix: "", url: "https://cdn.example.com/{id}" }],
  deploy: { staging: {}, production: {} },
};

interface Given {
  site?: Partial<UserConfig>;
  /** Of the wrangler files' texts. */
  edit?: (text: string, name: string) => string;
  fetch?: (url: string) => Response;
}

/** Runs `prewarm check` beside the site's own wrangler files, as edited. */
async function check(args: string[], { site = {}, edit = (text) => text, fetch }: Given = {}) {
  const cwd = emptyDirectory();
  const file = join(cwd, "site.mjs");
  const config = defineConfig({ ...SITE, ...site });
  writeFileSync(file, `export default ${JSON.stringify(config)};`);
  for (const [name, text] of printFiles(config, REPOSITORY)) writeFileSync(join(cwd, name), edit(text, name));
  const world = createWorld({ cwd, fetch: fetch ?? (() => Response.json({ status: "ready" })) });
  const code = await runCli(["check", "--config", file, ...args], world.context, () => {});
  return { code, stdout: world.stdout(), stderr: world.stderr() };
}

describe("prewarm check", () => {
  it("passes our own files, and names what it cannot see", async () => {
    const { code, stdout } = await check([]);
    expect(code).toBe(EXIT.ok);
    expect(stdout).not.toMatch(/^fault/m);
    expect(stdout).toMatch(/^ok +\/readyz +http:\/\/localhost:8788 is ready$/m);
    expect(stdout).toMatch(/^look +lifecycle .*prewarm provision --to production$/m);
    expect(stdout).toMatch(/^look +edge +it has no host, .*deploy\.production\.edge, such as "images/m);
    expect(stdout).toMatch(/^look +edge +its address is not known/m);
    const edge = { production: { edge: "images.example.com" } };
    expect((await check([], { site: { deploy: edge } })).stdout).toMatch(/^ok +edge +images\.example\.com$/m);
  });

  it.each<[string, Given, RegExp]>([
    [
      "a wrangler file that was edited",
      { edit: (text) => text.replace('"optimized-images"', '"optimised-images"') },
      /wrangler files +wrangler\.edge\.toml: it is not what prewarm\.config\.ts says: .*npm run tables/,
    ],
    [
      "a private source without the edge's address",
      {
        site: {
          sources: [{ prefix: "", bucket: "ORIGINALS", key: "{id}" }],
          deploy: { production: { buckets: { ORIGINALS: "photos" } } },
        },
      },
      /environment +EDGE_URL: .*write edge into deploy\.production of prewarm\.config\.ts/,
    ],
    [
      "a private source without its bucket",
      { site: { sources: [{ prefix: "", bucket: "ORIGINALS", key: "{id}" }] } },
      /configuration +deploy\.staging\.buckets: write ORIGINALS/,
    ],
    [
      "a source on the edge's own route",
      {
        site: {
          sources: [{ prefix: "", url: "https://pics.example.com/images/{id}" }],
          deploy: { production: { edge: "pics.example.com" } },
        },
      },
      /sources\[0\]\.url: this is the edge's own route/,
    ],
  ])("finds %s", async (_, given, expected) => {
    const { code, stdout } = await check(["--offline"], given);
    expect([code, stdout]).toEqual([
      EXIT.failed,
      expect.stringMatching(new RegExp(`^fault .*${expected.source}`, "m")),
    ]);
  });

  it("finds a wrangler file that is not there", async () => {
    const cwd = emptyDirectory();
    const file = join(cwd, "site.mjs");
    writeFileSync(file, `export default ${JSON.stringify(defineConfig(SITE))};`);
    const world = createWorld({ cwd });
    expect(await runCli(["check", "--offline", "--config", file], world.context, () => {})).toBe(EXIT.failed);
    expect(world.stdout()).toMatch(/^fault +wrangler files +wrangler\.consumer\.toml: it is not beside prewarm/m);
  });

  it("says of a site that names no environment that it cannot be deployed, and that this is no fault", async () => {
    const { code, stdout } = await check(["--offline"], { site: { deploy: {} } });
    expect([code, stdout]).toEqual([EXIT.ok, expect.stringMatching(/^look +deploy +it names no environment/m)]);
  });

  it.each(["staging", "production"])("passes the environment %s", async (env) => {
    expect(await check(["--to", env, "--offline"])).toMatchObject({ code: EXIT.ok });
  });

  it("prints commands for the environment that was asked for, and for no other", async () => {
    const { stdout } = await check(["--to", "staging", "--offline"]);
    const commands = stdout.match(/prewarm provision .*/g) ?? [];
    expect(commands.length).toBeGreaterThan(1);
    expect(commands.filter((command) => !/ --to staging( |$)/.test(command))).toEqual([]);
  });

  it("prints the faults alone with --quiet, as wrangler's build asks", async () => {
    expect(await check(["--offline", "--quiet"])).toMatchObject({ code: EXIT.ok, stdout: "" });
    const { stdout } = await check(["--offline", "--quiet"], { site: { pages: { widths: [] } } });
    expect(stdout).toMatch(/^fault .*\n$/);
  });

  it("finds an environment that is not there", async () => {
    const { code, stderr } = await check(["--to", "nowhere", "--offline"]);
    expect(code).toBe(EXIT.usage);
    expect(stderr).toMatch(/deploy in prewarm\.config\.ts has no nowhere, only staging, production\.$/m);
  });

  it("names every secret when the consumer does not answer, and says so of another server", async () => {
    const gone = await check([], {
      fetch: () => {
        throw new TypeError("fetch failed");
      },
    });
    expect(gone.code).toBe(EXIT.ok);
    expect(gone.stdout).toMatch(/^look +\/readyz +http:\/\/localhost:8788 does not answer/m);
    expect(gone.stdout).toContain("prewarm provision --to production --set ADMIN_TOKEN");
    const other = await check([], { fetch: () => new Response("<h1>404</h1>", { status: 404 }) });
    expect([other.code, other.stdout]).toEqual([
      EXIT.failed,
      expect.stringMatching(/^fault +\/readyz .*answers 404: is it the consumer/m),
    ]);
  });

  it("shows its token to a consumer that is not ready, which tells strangers only how many checks fail", async () => {
    const shown: (string | null)[] = [];
    const reasons = ["environment: ADMIN_TOKEN: it is too short"];
    const answers: Record<string, () => Response> = {
      "": () => Response.json({ status: "not ready", failing: 2 }, { status: 503 }),
      "Bearer right": () => Response.json({ status: "not ready", failing: 1, reasons }, { status: 503 }),
      "Bearer wrong": () => Response.json({ code: "unauthorized" }, { status: 401 }),
    };
    const cwd = emptyDirectory();
    const file = join(cwd, "site.mjs");
    writeFileSync(file, `export default ${JSON.stringify(defineConfig(SITE))};`);
    const ask = async (token?: string) => {
      const world = createWorld({
        cwd,
        env: token === undefined ? {} : { ADMIN_TOKEN: token },
        fetch: (_url, init) => {
          const proof = new Headers(init.headers).get("authorization");
          shown.push(proof);
          return answers[proof ?? ""]?.() ?? new Response(null, { status: 500 });
        },
      });
      await runCli(["check", "--config", file, "--url", "https://control.example.com"], world.context, () => {});
      return world.stdout();
    };
    expect(await ask()).toMatch(/^fault +\/readyz +2 checks fail: set ADMIN_TOKEN, and this command says which$/m);
    expect(await ask("right")).toMatch(/^fault +\/readyz +environment: ADMIN_TOKEN: it is too short$/m);
    expect(await ask("wrong")).toMatch(/^fault +\/readyz .*refuses ADMIN_TOKEN \(401\)$/m);
    expect(shown).toEqual([null, "Bearer right", "Bearer wrong"]);
  });

  it("warns of a budget without a limit", async () => {
    const { stdout } = await check(["--offline"], { site: { budget: { month: null } } });
    expect(stdout).toMatch(/^look +budget +no limit/m);
  });

  it("says what a month's budget is in uploads and money, and what changes it", async () => {
    const { stdout } = await check(["--offline"], { site: { budget: { per1000Jobs: 0.1 } } });
    const budget = stdout.split("\n").find((line) => line.includes("budget"));
    expect(budget).toMatch(
      /^ok +budget +100,000 jobs a month, 80,000 of them for warming: 7,272 uploads of 11 variants, Ittybit's fee up to 10, Cl/,
    );
    expect(budget).toContain("budget.month, gate.ratePerSecond");
  });

  it("needs a configuration", async () => {
    const world = createWorld({ cwd: emptyDirectory() });
    expect(await runCli(["check"], world.context, () => {})).toBe(EXIT.usage);
  });
});
