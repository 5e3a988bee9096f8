import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { describe, expect, it } from "vitest";

const root = dirname(import.meta.dirname);
const { references }: { references: { path: string }[] } = JSON.parse(
  readFileSync(join(root, "tsconfig.json"), "utf8"),
);

function tsc(...args: string[]): string {
  return execFileSync(join(root, "node_modules/.bin/tsc"), args, { cwd: root, encoding: "utf8" });
}

/** The repository's files that a project's code reaches. */
function filesReached(project: string): string[] {
  const files = tsc("--listFilesOnly", "-p", project).trim().split("\n");
  return files.map((file) => relative(root, file)).filter((file) => !file.includes("node_modules"));
}

function filesIncluded(project: string): string[] {
  const { files }: { files: string[] } = JSON.parse(tsc("--showConfig", "-p", project));
  const folder = project.endsWith(".json") ? dirname(project) : project;
  return files.map((file) => join(folder, file));
}

// `tsc -b` compares the times of included files only: a fault that an edit of another file makes would stay unseen.
describe("npm run typecheck", () => {
  it.each(references)("$path includes each file that its code imports", ({ path }) => {
    const included = new Set(filesIncluded(path));
    expect(filesReached(path).filter((file) => !included.has(file))).toEqual([]);
  });
});
