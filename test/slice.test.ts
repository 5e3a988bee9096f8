import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it, vi } from "vitest";
import { RINGS } from "./rings.ts";
import { slice, sliceOf } from "./slice.ts";

const ROOT = join(import.meta.dirname, "..");
const ITEMS = Array.from({ length: 27 }, (_, n) => n);

afterEach(() => vi.unstubAllEnvs());

describe("a slice", () => {
  it.each([1, 4, 6, 40])("leaves no item out for ever: %i commits in turn have all between them, none twice", (of) => {
    const all = Array.from({ length: of }, (_, number) => sliceOf(ITEMS, of, number)).flat();
    expect(all.toSorted((a, b) => a - b)).toEqual(ITEMS);
  });

  it("says what it leaves out, and leaves nothing out with WHOLE=true", () => {
    vi.stubEnv("WHOLE", undefined);
    const said = vi.spyOn(console, "info").mockImplementation(() => {});
    const taken = slice("numbers", ITEMS, 4);
    expect([6, 7]).toContain(taken.length);
    expect(said.mock.calls.flat()).toEqual([
      `slice: ${taken.length} of 27 numbers with this commit; WHOLE=true takes all, as every night`,
    ]);
    vi.stubEnv("WHOLE", "true");
    expect(slice("numbers", ITEMS, 4)).toEqual(ITEMS);
    expect(said).toHaveBeenCalledTimes(1);
  });
});

/** Test files that a line of the nightly workflow with WHOLE=true runs, as vitest reads it: any part of the path. */
it("every file with a slice and every file of a ring is run whole by the nightly workflow", () => {
  const nightly = readFileSync(join(ROOT, ".github/workflows/nightly.yml"), "utf8");
  const asked = [...nightly.matchAll(/WHOLE=true npm test -- --project [\w-]+ (.+)$/gm)].flatMap(([, files = ""]) =>
    files.split(" "),
  );
  const sliced = globSync("{apps,test,workers,packages,scripts}/**/*.test.ts", {
    cwd: ROOT,
    exclude: ["**/node_modules/**", "test/slice.test.ts"],
  }).filter((file) => /from ".*\/slice\.ts"/.test(readFileSync(join(ROOT, file), "utf8")));
  expect(sliced.length).toBeGreaterThan(2);
  expect([...sliced, ...RINGS.flat(2)].filter((file) => !asked.some((part) => file.includes(part)))).toEqual([]);
});
