import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { cloudinary } from "@prewarm/legacy-urls/cloudinary";
import { defineConfig } from "@prewarm/shared/config";
import { describe, expect, it } from "vitest";
import { tempFolder } from "../test/temp-folder.ts";
import { isLoopback, namedSecrets, readSettings } from "./settings.ts";

const STATE_DIR = tempFolder("prewarm-settings-");
const read = (env: Record<string, string>) => readSettings({ STATE_DIR, ...env });

describe("the local stack's settings", () => {
  it("take a hook's secret by the name that the configuration gives it, and nothing else", () => {
    const verifier = { kind: "bearer", secrets: ["CMS_SECRET", "OLD_SECRET"] } as const;
    const hooks = {
      cms: { verifier: { ...verifier, secrets: [...verifier.secrets] }, mapper: { kind: "native" } as const },
    };
    const config = defineConfig({ sources: [], hooks });
    expect(namedSecrets(config, { CMS_SECRET: "abc", AWS_SECRET: "no" })).toEqual({ CMS_SECRET: "abc" });
  });

  it("take the secret that old URLs are signed with", () => {
    const config = defineConfig({ sources: [], legacy: [cloudinary({ secrets: ["CLOUDINARY_API_SECRET"] })] });
    expect(namedSecrets(config, { CLOUDINARY_API_SECRET: "b", OTHER: "c" })).toEqual({ CLOUDINARY_API_SECRET: "b" });
  });

  it("have the documented defaults", () => {
    expect(read({})).toMatchObject({
      port: 8787,
      controlPort: 8788,
      ittybitApiUrl: null,
      ittybitApiKey: "local",
      originalsUrl: null,
      signingKeys: "",
    });
  });

  it("refuse a STATE_DIR that cannot be written: the platform's storage would wait for it without a word", () => {
    const file = join(STATE_DIR, "a-file");
    writeFileSync(file, "");
    const tokens = { ADMIN_TOKEN: "a", VIEWER_TOKEN: "v", HOOK_SECRET: "s" };
    expect(() => read({ ...tokens, STATE_DIR: join(file, "state") })).toThrow(/^STATE_DIR, .*a-file\/state, cannot be/);
  });

  it("read ORIGINALS_DIR from where npm was called", () => {
    expect(read({ ORIGINALS_DIR: "./photos", INIT_CWD: "/home/me" }).originalsDir).toBe("/home/me/photos");
    expect(read({ ORIGINALS_DIR: "/srv/photos", INIT_CWD: "/home/me" }).originalsDir).toBe("/srv/photos");
  });

  it("make a hook secret of 32 bytes once, and keep it with the state", () => {
    const { hookSecret } = read({});
    expect(Buffer.from(hookSecret.replace(/^whsec_/, ""), "base64")).toHaveLength(32);
    expect(read({}).hookSecret).toBe(hookSecret);
    expect(read({ HOOK_SECRET: "whsec_mine" }).hookSecret).toBe("whsec_mine");
  });

  it("make tokens that nobody can guess, keep them with the state, and show them to nobody else", () => {
    const { adminToken, viewerToken } = read({});
    for (const token of [adminToken, viewerToken]) expect(token).toMatch(/^[\w-]{32}$/);
    expect(adminToken).not.toBe(viewerToken);
    expect(read({})).toMatchObject({ adminToken, viewerToken });
    expect(readFileSync(join(STATE_DIR, "admin-token"), "utf8")).toBe(adminToken);
    for (const name of ["admin-token", "viewer-token", "hook-secret"])
      expect(statSync(join(STATE_DIR, name)).mode & 0o077).toBe(0);
    expect(read({ ADMIN_TOKEN: "mine", VIEWER_TOKEN: "theirs" })).toMatchObject({
      adminToken: "mine",
      viewerToken: "theirs",
    });
  });

  it.each([
    [{ PORT: "http" }, /PORT must be a port/],
    [{ CONTROL_PORT: "70000" }, /CONTROL_PORT must be a port/],
    [{ ITTYBIT_API_URL: "api.ittybit.com" }, /ITTYBIT_API_URL must be an http or https URL/],
    [{ ORIGINALS_URL: "https://cdn.example.com/photo.jpg" }, /ORIGINALS_URL needs \{id\}/],
    [{ ORIGINALS_URL: "https://cdn.example.com/{id}", ORIGINALS_DIR: "photos" }, /set one of them/],
    [{ PORT: "9000", CONTROL_PORT: "9000" }, /both 9000/],
    [
      { ITTYBIT_API_URL: "https://api.ittybit.com", ORIGINALS_DIR: "photos" },
      /cannot fetch originals from this machine/,
    ],
    [{ ITTYBIT_API_URL: "https://api.ittybit.com" }, /cannot fetch originals from this machine/],
    [
      { ITTYBIT_API_URL: "https://api.ittybit.com", ORIGINALS_URL: "http://127.0.0.1:9000/{id}" },
      /cannot fetch originals from this machine/,
    ],
  ])("refuse %o and say why", (env, message) => {
    expect(() => read(env)).toThrow(message);
  });

  it.each([
    [{ ITTYBIT_API_URL: "http://127.0.0.1:9911/" }, "http://127.0.0.1:9911"],
    [
      { ITTYBIT_API_URL: "https://api.ittybit.com", ORIGINALS_URL: "https://cdn.example.com/{id}.jpg" },
      "https://api.ittybit.com",
    ],
  ])("take %o", (env, url) => {
    expect(read(env).ittybitApiUrl).toBe(url);
  });

  it.each([
    ["http://localhost:1/{id}", true],
    ["http://127.9.9.9/{id}", true],
    ["http://[::1]:80/{id}", true],
    ["https://localhost.example.com/{id}", false],
    ["https://cdn.example.com/{id}", false],
  ])("know whether %s is this machine: %s", (url, local) => {
    expect(isLoopback(url)).toBe(local);
  });
});
