import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { isNewest, notesOf, releasedChangelog } from "./pack/changelog.ts";

const CHANGELOG = readFileSync(join(import.meta.dirname, "../CHANGELOG.md"), "utf8");

it("the notes of a release are the entries that were unreleased, and a second release has none of them", () => {
  const notes = notesOf(CHANGELOG);
  expect(notes).toContain("An image URL always answers");
  const after = releasedChangelog(CHANGELOG, "1.2.0", "2026-12-01");
  expect(after).toContain("## Unreleased\n\n## 1.2.0 (2026-12-01)\n");
  expect(notesOf(after)).toBeNull();
  expect(notesOf(after.replace("## 1.2.0", "- **New.**\n\n## 1.2.0"))).toBe("- **New.**");
});

it("a version is released above all others only, and only if it is three whole numbers", () => {
  for (const version of ["0.1.0", "0.2.0", "0.10.0", "1.0.0"]) expect(isNewest(version, ["0.0.9"])).toBe(true);
  expect(isNewest("0.10.0", ["0.9.1", ""])).toBe(true);
  for (const others of [["0.10.0"], ["0.10.1"], ["0.9.0", "1.0.0"]]) expect(isNewest("0.10.0", others)).toBe(false);
  for (const version of ["", "1", "1.2", "1.2.3-beta", "01.2.3", "1.2.3.4", "v1.2.3"])
    expect(isNewest(version, [])).toBe(false);
});
