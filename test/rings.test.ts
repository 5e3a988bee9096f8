import { existsSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it, vi } from "vitest";
import { leftOut, leftOutOf, RINGS, setup } from "./rings.ts";

const ROOT = join(import.meta.dirname, "..");
const RING = [["a/one.test.ts", "a/two.test.ts"], ["b/three.test.ts"], ["c/four.test.ts"]];

afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});

describe("a ring", () => {
  it("runs each of its files once in as many commits as it has groups", () => {
    const ran = RING.flatMap((_, number) => RING.flat().filter((file) => !leftOutOf(RING, number).includes(file)));
    expect(ran.toSorted()).toEqual(RING.flat().toSorted());
  });

  it("has files that exist, each in one group", () => {
    const files = RINGS.flat(2);
    expect(files.filter((file) => !existsSync(join(ROOT, file)))).toEqual([]);
    expect(new Set(files).size).toBe(files.length);
  });
});

describe("a run", () => {
  it("says which files it leaves out, and leaves none out where files are named or with WHOLE=true", () => {
    const said = vi.spyOn(console, "info").mockImplementation(() => {});
    vi.spyOn(process, "argv", "get").mockReturnValue(["node", "vitest", "run"]);
    vi.stubEnv("WHOLE", undefined);
    setup();
    const files = leftOut(["run", "--project", "node"]);
    expect(files.length).toBeGreaterThan(RINGS.flat(2).length / 2);
    expect(said.mock.calls.flat().slice(1)).toEqual(files.map((file) => `  ${file}`));
    expect(leftOut(["run", "--project", "node", "year.test"])).toEqual([]);
    vi.stubEnv("WHOLE", "true");
    setup();
    expect(leftOut(["run"])).toEqual([]);
    expect(said).toHaveBeenCalledTimes(files.length + 1);
  });
});
