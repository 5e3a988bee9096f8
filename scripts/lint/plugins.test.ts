import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, expect, it } from "vitest";

/* The linter's own plugins, under the repository's own settings. */

const ROOT = join(import.meta.dirname, "../..");
const folder = mkdtempSync(join(tmpdir(), "prewarm-lint-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** The lines that a plugin refuses in files of these texts: `workers/edge/src/a.ts:2`. */
function refused(files: Record<string, string>): string[] {
  rmSync(folder, { recursive: true });
  for (const name of ["biome.json", "scripts/lint"]) cpSync(join(ROOT, name), join(folder, name), { recursive: true });
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(join(folder, dirname(path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  const args = ["lint", "--vcs-enabled=false", "--max-diagnostics=none", "."];
  const { stdout, stderr } = spawnSync(join(ROOT, "node_modules/.bin/biome"), args, { cwd: folder, encoding: "utf8" });
  return [...`${stdout}${stderr}`.matchAll(/^(\S+:\d+):\d+ plugin /gm)].map(([, place = ""]) => place).toSorted();
}

it("refuse a body that is read whole, unless the line gives a reason or only a test reads it", () => {
  const READS = ["text", "json", "arrayBuffer", "bytes", "blob", "formData"];
  const reads = READS.flatMap((name) => [`await answer.${name}();`, `await answer?.${name}();`]).join("\n");
  const paths = ["workers/edge/src/a.ts", "packages/site-pages/src/a.ts", "apps/cli/src/pages/a.ts"];
  const answers = "c.json({ a: 1 });\nJSON.stringify(answer.text);\n";
  const found = refused({
    ...Object.fromEntries(paths.map((path) => [path, reads])),
    "workers/edge/src/note.ts": `${answers}// biome-ignore lint/plugin: the consumer wrote it\nawait object.text();\n`,
    "workers/edge/src/a.test.ts": reads,
  });
  expect(found).toEqual(paths.flatMap((path) => reads.split("\n").map((_, at) => `${path}:${at + 1}`)).toSorted());
});

it("refuse a timer that cannot be cleared in what the ledger's object runs", () => {
  const timer = "fetch(url, { signal: AbortSignal.timeout(1000) });\n";
  const awake = ["workers/consumer/src/ittybit/client.ts", "packages/durable-queue/src/object/on-alarm.ts"];
  const found = refused(Object.fromEntries([...awake, "apps/cli/src/a.ts"].map((path) => [path, timer])));
  expect(found).toEqual(awake.map((path) => `${path}:1`).toSorted());
});
