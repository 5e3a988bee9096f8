import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, it, vi } from "vitest";
import { leftOut, NIGHTLY, ROOMS, SEAMS, setup, untouched } from "./commit-files.ts";

const ROOT = join(import.meta.dirname, "..");
const find = (pattern: string) => globSync(pattern, { cwd: ROOT, exclude: ["**/node_modules/**"] }).sort();

afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});

it("every end-to-end file stands in one list, and every file and room of a list exists", () => {
  const listed = [...NIGHTLY, ...SEAMS, ...Object.keys(ROOMS)].sort();
  expect(listed.filter((file) => file.includes(".e2e."))).toEqual(find("{apps,examples,test}/**/*.e2e.test.ts"));
  expect(listed.filter((file) => find(file).length !== 1)).toEqual([]);
  expect(
    Object.values(ROOMS)
      .flat()
      .filter((room) => find(`${room}**`).length === 0),
  ).toEqual([]);
});

it("the nightly workflow runs every file", () => {
  expect(readFileSync(join(ROOT, ".github/workflows/nightly.yml"), "utf8")).toMatch(/^\s+run: WHOLE=true npm test$/m);
});

it("a commit runs the end-to-end files of the rooms that it touches, and itself", () => {
  const left = untouched(["apps/dashboard/src/main.tsx", "test/e2e/originals.e2e.test.ts"]);
  expect(left).toContain("test/e2e/recovery.e2e.test.ts");
  for (const file of ["apps/dashboard/test/comfort.e2e.test.ts", "test/e2e/originals.e2e.test.ts"])
    expect(left).not.toContain(file);
});

it("a commit that git does not know, or that touches what all stand on, leaves out no end-to-end file but the long ones", () => {
  expect([untouched(null), untouched(["pnpm-lock.yaml"])]).toEqual([[], []]);
});

it("a run says which files it leaves out, and leaves out none with WHOLE=true or where the command names files", () => {
  const said = vi.spyOn(console, "info").mockImplementation(() => {});
  vi.spyOn(process, "argv", "get").mockReturnValue(["node", "vitest", "run", "--project", "node"]);
  vi.stubEnv("WHOLE", undefined);
  setup();
  const files = leftOut(["run", "--project", "node"]);
  expect(files).toEqual(expect.arrayContaining([...NIGHTLY]));
  expect(said.mock.calls.flat().slice(2)).toEqual(files.map((file) => `  ${file}`));
  expect(leftOut(["run", "--project", "node", "year.test"])).toEqual([]);
  vi.stubEnv("WHOLE", "true");
  expect(leftOut(["run"])).toEqual([]);
});
