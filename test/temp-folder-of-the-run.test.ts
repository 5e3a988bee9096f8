import { mkdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { expect, it } from "vitest";
import { tempFolder } from "./temp-folder.ts";
import { setup } from "./temp-folder-of-the-run.ts";

it("a run has a temporary folder of its own", () => expect(basename(tmpdir())).toMatch(/^prewarm-run-/));

it("a run fails when a test has left something of ours there, and leaves nothing itself", () => {
  const outside = process.env.TMPDIR;
  const end = setup();
  const folder = tmpdir();
  expect(folder).not.toBe(outside);
  mkdirSync(join(folder, "miniflare-1"));
  mkdirSync(join(folder, "prewarm-cli-1"));
  expect(end).toThrow("Tests left in the temporary folder: prewarm-cli-1");
  expect(tmpdir()).toBe(outside);
});

it("a run passes when only other programs have left something", () => {
  const end = setup();
  mkdirSync(join(tmpdir(), "miniflare-1"));
  end();
});

it("a test's folder is in the run's", () => expect(tempFolder("prewarm-test-")).toContain(tmpdir()));
