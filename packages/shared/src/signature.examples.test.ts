import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { DEFAULTS } from "./config.ts";
import { parseId } from "./image-id.ts";
import { verify } from "./signature.ts";

const folder = join(dirname(fileURLToPath(import.meta.url)), "../../../examples/sign");
const PATH = "/images/a%20b/%C3%A9.jpg";
const KEY = "a key with spaces & ünicode";

/** How each language loads its file and calls `sign` with path, parameters and key from the environment. */
const LANGUAGES = [
  [
    "Node",
    process.execPath,
    "sign.mjs",
    [
      "--input-type=module",
      "-e",
      "const { sign } = await import(process.env.FILE); console.log(sign(process.env.P, JSON.parse(process.env.PARAMS), process.env.KEY))",
    ],
  ],
  [
    "Python",
    "python3",
    "sign.py",
    [
      "-c",
      'import json, os; e = os.environ; exec(open(e["FILE"]).read()); print(sign(e["P"], json.loads(e["PARAMS"]), e["KEY"]))',
    ],
  ],
  [
    "PHP",
    "php",
    "sign.php",
    ["-r", 'require getenv("FILE"); echo sign(getenv("P"), json_decode(getenv("PARAMS"), true), getenv("KEY"));'],
  ],
  [
    "Ruby",
    "ruby",
    "sign.rb",
    ["-rjson", "-e", 'load ENV["FILE"]; puts sign(ENV["P"], JSON.parse(ENV["PARAMS"]), ENV["KEY"])'],
  ],
] as const;

describe.each(LANGUAGES)("%s", (_, command, file, args) => {
  const isInstalled = spawnSync(command, ["--version"]).status === 0;

  it.runIf(isInstalled).each<[Record<string, string>, string]>([
    [{ w: "801", h: "333", fit: "fill", q: "75", f: "jpg" }, "as a page writes them"],
    [{ w: "800", exp: "2000000000", v: "v1_-" }, "with version and expiry"],
    [{}, "no parameters"],
    [{ sc: "image", v: "v1" }, "for every width of an image"],
  ])("signs %j so that the edge takes it (%s)", async (params) => {
    const env = { ...process.env, FILE: join(folder, file), P: PATH, PARAMS: JSON.stringify(params), KEY };
    const run = spawnSync(command, args, { env, encoding: "utf8" });
    expect(run.stderr).toBe("");
    const query = new URLSearchParams({ ...params, ...(params.sc && { w: "640" }), s: run.stdout.trim() });
    expect(await verify(PATH, query, [KEY], DEFAULTS, 1_800_000_000)).toBe("ok");
    expect(await verify(PATH, query, ["another"], DEFAULTS, 1_800_000_000)).toBe("bad");
  });

  it("needs no more than five lines of its own", () => {
    const lines = readFileSync(join(folder, file), "utf8").trim().split("\n");
    expect(lines.filter((line) => !/^(<\?php|require .*|import .*|\}|end)$/.test(line)).length).toBeLessThanOrEqual(5);
  });
});

it("the path the examples are tried with is one that images have", () =>
  expect(parseId(PATH.slice(8))).toBe("a b/é.jpg"));
