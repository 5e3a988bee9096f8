import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { tempFolder } from "../../../../test/temp-folder.ts";
import type { Arguments } from "./command.ts";
import { readControlSettings } from "./settings.ts";

const cwd = tempFolder("prewarm-cli-");
const keep = (folder: string, token: string) => {
  mkdirSync(join(cwd, folder), { recursive: true });
  writeFileSync(join(cwd, folder, "admin-token"), token);
};
const read = (env: Record<string, string>, url: string | null = null) => {
  const args: Arguments = {
    operands: [],
    flag: () => false,
    text: (name) => (name === "url" ? url : null),
    list: () => [],
  };
  return readControlSettings(args, { env, cwd, uid: null, isRunning: () => true }).headers.authorization;
};

describe("the token for the control API", () => {
  it("is asked for when the local stack has not kept one", () => {
    expect(() => read({})).toThrow("ADMIN_TOKEN is not set.");
  });

  it("is the local stack's own, from where it keeps its state", () => {
    keep(".wrangler/prewarm", "kept-here\n");
    keep("elsewhere", "kept-there");
    expect(read({})).toBe("Bearer kept-here");
    expect(read({ STATE_DIR: "elsewhere" })).toBe("Bearer kept-there");
    expect(read({ ADMIN_TOKEN: "given" })).toBe("Bearer given");
  });

  it("of the local stack goes to no other machine", () => {
    expect(() => read({}, "https://prewarm.example.com")).toThrow("ADMIN_TOKEN is not set.");
  });
});
