import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { freePort } from "../../dev/listen.ts";
import { camera } from "../../dev/samples.ts";
import { blockOf, blocksIn } from "../../scripts/newcomer/blocks.ts";
import { type Program, runToEnd, startProgram } from "../../scripts/newcomer/program.ts";
import { tempFolder } from "../temp-folder.ts";
import { ask, isVariant, PATIENCE_MS, until } from "./stack.ts";

/* README's commands as a reader copies them, in their order, on the stack that README's first command starts. */

const ROOT = join(import.meta.dirname, "../..");
const README = readFileSync(join(ROOT, "README.md"), "utf8");
const BLOCKS = blocksIn(ROOT).filter(({ page }) => page === "README.md");
const START = BLOCKS[0]?.text ?? "";
const [, START_WITH_PHOTOS = ""] = /`(ORIGINALS_DIR=\w+ npm start)`/.exec(README) ?? [];

/** A reader's folder, with a picture that is wide enough for every width: copies of narrow ones wait. */
const photos = tempFolder("prewarm-readme-");
mkdirSync(join(photos, "summer"));
writeFileSync(join(photos, "summer/été a.jpg"), await camera());

describe.each([
  ["as it stands", START, "landscape.jpg"],
  ["with a folder of pictures", START_WITH_PHOTOS, "summer/été a.jpg"],
])("README, %s", (_, start, photo) => {
  const stateDir = tempFolder("prewarm-readme-state-");
  let stack: Program | undefined;
  let ports: readonly [edge: number, control: number];
  let env: Record<string, string | undefined>;
  /** A text of README with this test's ports, folders and picture. */
  const asCopied = (text: string): string =>
    text
      .replaceAll("localhost:8787", `localhost:${ports[0]}`)
      .replaceAll("localhost:8788", `localhost:${ports[1]}`)
      .replaceAll(".wrangler/prewarm", stateDir)
      .replaceAll("event.json", join(stateDir, "event.json"))
      .replace("=photos", `=${photos}`)
      .replaceAll("landscape.jpg", photo);

  beforeAll(async () => {
    ports = [await freePort(0, true), await freePort(0, true)];
    const [PORT, CONTROL_PORT] = ports.map(String);
    env = { ...process.env, PORT, CONTROL_PORT, STATE_DIR: stateDir, WATCH: "false" };
    env.PREWARM_URL = `http://localhost:${CONTROL_PORT}`;
    const where = { cwd: ROOT, env, timeoutMs: PATIENCE_MS };
    stack = await startProgram(asCopied(start), { ...where, ready: /^ready edge=/m });
  });
  afterAll(() => stack?.end());

  it("shows the original first, and the variant a moment later", async () => {
    const [, link = ""] = /<(http:\/\/localhost:8787\/images\/.+?)>/.exec(README) ?? [];
    const url = encodeURI(asCopied(link));
    expect((await ask(url)).status).toBe(302);
    const shown = await until("the variant", () => ask(url), isVariant);
    expect(README).toContain(`\`${shown.status} ${shown.headers.get("content-type")}\``);
  });

  for (const { page, text } of BLOCKS) {
    const does = blockOf({ page, text })?.does;
    if (does !== undefined && !("skip" in does))
      it(`runs ${text.split("\n")[0]}`, async () => {
        const { code, said } = await runToEnd(asCopied(text), { cwd: ROOT, env, timeoutMs: PATIENCE_MS });
        expect(code, said).toBe(0);
        for (const pattern of does.prints) expect(said).toMatch(pattern);
      });
  }
});

it("README's first command starts it, and its second is the one that CI runs", () => {
  expect(START).toBe("npm start\n");
  expect(readFileSync(join(ROOT, ".ci/run"), "utf8")).toContain(`{ ${BLOCKS[1]?.text.trim()} 2>&1 | tee `);
});
