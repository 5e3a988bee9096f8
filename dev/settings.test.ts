import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { cloudinary } from "@prewarm/legacy-urls/cloudinary";
import { defineConfig, type UserConfig } from "@prewarm/shared/config";
import { isPrivateKey } from "@prewarm/shared/ed25519";
import { describe, expect, it } from "vitest";
import { tempFolder } from "../test/temp-folder.ts";
import { isLoopback, localSecrets, readSettings } from "./settings.ts";

const STATE_DIR = tempFolder("prewarm-settings-");
const read = (env: Record<string, string>) => readSettings({ STATE_DIR, ...env });
/** The site's secrets without those that every site has. */
function secretsOf(site: Partial<UserConfig>, env: Record<string, string> = {}, faults: string[] = []) {
  const config = defineConfig({ sources: [], ...site });
  const found = localSecrets({ config, faults }, env, STATE_DIR);
  const { ADMIN_TOKEN: _admin, VIEWER_TOKEN: _viewer, RECEIPT_KEY: _receipts, SIGNING_KEYS: _keys, ...own } = found;
  return own;
}
const given = (value: string) => ({ value, isMade: false });

describe("the local stack's settings", () => {
  it("take a hook's secret by the name that the configuration gives it, and nothing else", () => {
    const verifier = { kind: "bearer", secrets: ["CMS_SECRET", "OLD_SECRET"] } as const;
    const hooks = {
      cms: { verifier: { ...verifier, secrets: [...verifier.secrets] }, mapper: { kind: "native" } as const },
    };
    expect(secretsOf({ hooks }, { CMS_SECRET: "abc", OLD_SECRET: "old", AWS_SECRET: "no" })).toEqual({
      CMS_SECRET: given("abc"),
      OLD_SECRET: given("old"),
    });
  });

  it("take the secret that old URLs are signed with, which another service makes", () => {
    const legacy = [cloudinary({ secrets: ["CLOUDINARY_API_SECRET"] })];
    expect(secretsOf({ legacy }, { CLOUDINARY_API_SECRET: "b", OTHER: "c" })).toEqual({
      CLOUDINARY_API_SECRET: given("b"),
    });
    expect(secretsOf({ legacy })).toEqual({});
  });

  it("take the secrets of events, of addresses and of functions, and make those that sign", () => {
    const events = [
      { url: "https://example.com/events", secrets: ["EVENTS_SECRET"] },
      { name: "chat", secrets: ["CHAT_URL"], handle: async () => undefined },
    ];
    expect(secretsOf({ events }, { EVENTS_SECRET: "whsec_a", CHAT_URL: "https://chat.example/x" })).toEqual({
      EVENTS_SECRET: given("whsec_a"),
      CHAT_URL: given("https://chat.example/x"),
    });
    const made = { value: expect.stringMatching(/^whsec_[\w+/]{43}=$/), isMade: true };
    expect(secretsOf({ events })).toEqual({ EVENTS_SECRET: made });
    expect(secretsOf({ events })).toEqual(secretsOf({ events }));
  });

  it("leave out the secrets of a setting that is at fault", () => {
    const hooks = "none" as unknown as NonNullable<UserConfig["hooks"]>;
    expect(secretsOf({ hooks }, {}, ["hooks: write hooks by their names"])).toEqual({});
  });

  it("have the documented defaults", () => {
    expect(read({})).toMatchObject({
      port: 8787,
      controlPort: 8788,
      ittybitApiUrl: null,
      ittybitApiKey: "local",
      originalsUrl: null,
    });
  });

  it("refuse a STATE_DIR that cannot be written: the platform's storage would wait for it without a word", () => {
    const file = join(STATE_DIR, "a-file");
    writeFileSync(file, "");
    expect(() => read({ ADMIN_TOKEN: "a", STATE_DIR: join(file, "state") })).toThrow(
      /^STATE_DIR, .*a-file\/state, cannot be/,
    );
  });

  it("read ORIGINALS_DIR from where npm was called", () => {
    expect(read({ ORIGINALS_DIR: "./photos", INIT_CWD: "/home/me" }).originalsDir).toBe("/home/me/photos");
    expect(read({ ORIGINALS_DIR: "/srv/photos", INIT_CWD: "/home/me" }).originalsDir).toBe("/srv/photos");
  });

  it("make a hook secret of 32 bytes once, and keep it with the state", () => {
    const verifier = { kind: "standard-webhooks", secrets: ["HOOK_SECRET"] } as const;
    const hooks = { uploads: { verifier, mapper: { kind: "native" } as const } };
    const { HOOK_SECRET: made } = secretsOf({ hooks });
    expect(Buffer.from(made?.value.replace(/^whsec_/, "") ?? "", "base64")).toHaveLength(32);
    expect(secretsOf({ hooks }).HOOK_SECRET).toEqual(made);
    expect(secretsOf({ hooks }, { HOOK_SECRET: "whsec_mine" }).HOOK_SECRET).toEqual(given("whsec_mine"));
    expect(secretsOf({}).HOOK_SECRET).toBeUndefined();
  });

  it("make tokens and keys that nobody can guess, keep them with the state, and show them to nobody else", () => {
    const { adminToken } = read({});
    const nothing = { config: null, faults: ["prewarm.config.ts: it cannot be loaded"] };
    const made = localSecrets(nothing, {}, STATE_DIR);
    const { RECEIPT_KEY: receipts, ...tokens } = made;
    const values = Object.values(tokens).map(({ value }) => value);
    expect(Object.keys(tokens)).toEqual(["ADMIN_TOKEN", "VIEWER_TOKEN", "SIGNING_KEYS"]);
    for (const value of values) expect(value).toMatch(/^[\w-]{32}$/);
    expect(new Set(values).size).toBe(3);
    expect(isPrivateKey(receipts?.value ?? "")).toBe(true);
    expect(localSecrets(nothing, {}, STATE_DIR)).toEqual(made);
    expect([adminToken, readFileSync(join(STATE_DIR, "admin-token"), "utf8")]).toEqual([values[0], values[0]]);
    for (const name of ["admin-token", "viewer-token", "receipt-key", "signing-keys"])
      expect(statSync(join(STATE_DIR, name)).mode & 0o077).toBe(0);
    expect(read({ ADMIN_TOKEN: "mine" }).adminToken).toBe("mine");
    expect(localSecrets(nothing, { ADMIN_TOKEN: "mine" }, STATE_DIR).ADMIN_TOKEN).toEqual(given("mine"));
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
