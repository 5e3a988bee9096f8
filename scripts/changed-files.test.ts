import { execFileSync } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { tempFolder } from "../test/temp-folder.ts";
import { changedFiles } from "./changed-files.ts";

describe("what differs from a commit", () => {
  it("is what was committed since, what was not, what is new and what is gone", () => {
    const root = tempFolder("prewarm-changed-");
    const git = (...args: string[]) => execFileSync("git", args, { cwd: root, stdio: ["ignore", "pipe", "pipe"] });
    const write = (name: string, text: string) => writeFileSync(join(root, name), text);
    const commit = () =>
      git("-c", "user.name=a", "-c", "user.email=a@example.com", "commit", "--quiet", "--allow-empty", "-m", "a");
    git("init", "--quiet");
    mkdirSync(join(root, "src"));
    for (const name of ["same.ts", "gone.ts", "src/changed.ts", "src/committed.ts"]) write(name, "1");
    git("add", ".");
    commit();
    write("src/committed.ts", "2");
    git("add", ".");
    commit();
    write("src/changed.ts", "2");
    write("new name.ts", "1");
    rmSync(join(root, "gone.ts"));
    expect(changedFiles("HEAD~1", root)).toEqual(["gone.ts", "new name.ts", "src/changed.ts", "src/committed.ts"]);
  });

  it("is unknown where the clone lacks the commit", () => expect(changedFiles("f".repeat(40))).toBeNull());
});
