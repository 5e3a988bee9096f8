import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { tempFolder } from "../../../../test/temp-folder.ts";
import type { Arguments } from "./command.ts";
import { readControlSettings, readSigningKeys } from "./settings.ts";

const cwd = tempFolder("prewarm-cli-");
const keep = (folder: string, token: string) => {
  mkdirSync(join(cwd, folder), { recursive: true });
  writeFileSync(join(cwd, folder, "admin-token"), token);
};
const place = (env: Record<string, string>) => ({ env, cwd, uid: null, isRunning: () => true });
const flags = (given: Record<string, string | null>): Arguments => ({
  operands: [],
  flag: () => false,
  text: (name) => given[name] ?? null,
  list: () => [],
});
const read = (env: Record<string, string>, url: string | null = null) =>
  readControlSettings(flags({ url }), place(env)).headers.authorization;

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

describe("the keys of signed URLs", () => {
  const keys = (env: Record<string, string>, given: Record<string, string> = {}) =>
    readSigningKeys(flags(given), place({ STATE_DIR: "signed", ...env }));

  it("are the local stack's own, for its edge and for no other", () => {
    expect(keys({})).toEqual([]);
    mkdirSync(join(cwd, "signed"), { recursive: true });
    writeFileSync(join(cwd, "signed/signing-keys"), "of-the-stack\n");
    expect(keys({})).toEqual(["of-the-stack"]);
    expect(keys({ SIGNING_KEYS: "new,old" })).toEqual(["new", "old"]);
    expect(keys({ PREWARM_EDGE_URL: "https://images.example.com" })).toEqual([]);
    expect(keys({}, { to: "production" })).toEqual([]);
  });
});
