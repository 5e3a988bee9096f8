import { defineConfig } from "@prewarm/shared/config";
import { checkEnvironment } from "@prewarm/shared/environment-check";
import { describe, expect, it } from "vitest";
import { byToken } from "./api/access/caller.ts";
import { type Env, ledgerNamespace, tokensOf } from "./config.ts";

const LONG = "a-token-of-twenty-four-ch";
const SITE = defineConfig({ sources: [{ prefix: "", url: "https://o.example/{id}" }] });

describe("the control API's tokens", () => {
  it("are refused when they are short, and the long ones hold", () => {
    expect(tokensOf({ ADMIN_TOKEN: `x,${LONG}`, VIEWER_TOKEN: "short" })).toEqual({
      adminTokens: [LONG],
      viewerTokens: [],
    });
    const given = {
      value: (name: string) => ({ ADMIN_TOKEN: `x,${LONG}`, VIEWER_TOKEN: "short" })[name],
      hasBucket: () => true,
    };
    const told = checkEnvironment(SITE, [], given);
    expect(told).toEqual(
      expect.arrayContaining([
        expect.stringContaining("ADMIN_TOKEN: it is shorter than 24 characters"),
        expect.stringContaining("VIEWER_TOKEN: it is shorter than 24 characters"),
      ]),
    );
  });

  it.each([
    ["staging", "--to staging"],
    [undefined, "--to <env>"],
  ])("of ENVIRONMENT %s: a reason of /readyz names that environment in its command", (environment, flag) => {
    const value = (name: string) => (name === "ENVIRONMENT" ? environment : undefined);
    const bucket = { prefix: "private/", bucket: "ORIGINALS", key: "{id}" };
    const hook = { verifier: { kind: "bearer", secrets: ["CMS_TOKEN"] }, mapper: { kind: "native" } } as const;
    const event = { url: "https://hooks.example/", types: ["run.done"], secrets: ["EVENT_SECRET"] };
    const config = { ...SITE, sources: [bucket], hooks: { cms: hook }, events: [event] } as unknown as typeof SITE;
    const commands = checkEnvironment(config, [], { value, hasBucket: () => true }).flatMap(
      (fault) => fault.match(/prewarm provision --to \S+ --set \S+/g) ?? [],
    );
    expect(commands).toHaveLength(6);
    expect(commands.filter((command) => !command.includes(flag))).toEqual([]);
  });

  it("are as long as they are without their owner's name", () => {
    const [named, short] = [`anna:${LONG}`, "anna-who-has-a-long-name:x"];
    expect(tokensOf({ ADMIN_TOKEN: `${named},${short}` }).adminTokens).toEqual([named]);
  });

  it("may be for some acts only, and a word that is none is named", () => {
    const entry = `anna[retry+evrything]:${LONG}`;
    expect(tokensOf({ ADMIN_TOKEN: entry }).adminTokens).toEqual([entry]);
    const value = (name: string) => (name === "ADMIN_TOKEN" ? entry : undefined);
    const told = checkEnvironment(SITE, [], { value, hasBucket: () => true });
    expect(told.filter((fault) => fault.startsWith("ADMIN_TOKEN"))).toEqual([
      expect.stringMatching(/^ADMIN_TOKEN: "evrything" is no act, so nobody may do it: warm, retry, /),
    ]);
  });

  it.each([
    `oncall [pause]:${LONG}`,
    `[pause]:${LONG}`,
    `${"n".repeat(41)}:${LONG}`,
    `on call[pause]:${LONG}`,
    `oncall[pause] :${LONG}`,
    `oncall[pause]${LONG}`,
    `oncall[pause]: ${LONG}`,
    `oncall[pause,retry]:${LONG}`,
    `oncall[pause]:${LONG} two`,
    `anna:bob:${LONG}`,
    `anna:`,
    `${LONG}[`,
  ])("are none where the entry does not parse, and the fault names no part of it: %j", async (entry) => {
    for (const LOCAL of [undefined, "true"]) {
      const given = { ADMIN_TOKEN: `${entry},first:${LONG}-one`, VIEWER_TOKEN: entry, ...(LOCAL && { LOCAL }) };
      const tokens = tokensOf(given);
      expect(tokens).toEqual({ adminTokens: [`first:${LONG}-one`], viewerTokens: [] });
      for (const guess of [entry, LONG, entry.slice(entry.indexOf(":") + 1), `retry]:${LONG}`, "oncall[pause"])
        expect(await byToken(guess, tokens)).toBeNull();
      const value = (name: string) => ({ ...given })[name];
      const told = checkEnvironment(SITE, [], { value, hasBucket: () => true });
      for (const name of ["ADMIN_TOKEN", "VIEWER_TOKEN"])
        expect(told).toContainEqual(expect.stringMatching(new RegExp(`^${name}: entry 1 of \\d does not parse`)));
      expect(told.filter((fault) => fault.includes(LONG))).toEqual([]);
    }
  });

  it("may be of any length in the local stack, and absent", () => {
    expect(tokensOf({ ADMIN_TOKEN: "x", LOCAL: "true" })).toMatchObject({ adminTokens: ["x"] });
    expect(tokensOf({})).toEqual({ adminTokens: [], viewerTokens: [] });
  });
});

describe("the ledger's place", () => {
  const asked: unknown[] = [];
  const namespace = (of: string): unknown => ({
    jurisdiction: (where: string) => namespace(where),
    idFromName: (name: string) => `${of}:${name}`,
    get: (id: string, options: unknown) => asked.push([id, options]),
  });
  const ask = (place: Partial<Env>) => {
    const { idFromName, get } = ledgerNamespace({ LEDGER: namespace("anywhere"), ...place } as Env);
    get(idFromName("main"));
    return asked.pop();
  };

  it("is the platform's choice, a hint, or a jurisdiction it never leaves", () => {
    expect(ask({})).toEqual(["anywhere:main", {}]);
    expect(ask({ LEDGER_LOCATION: "weur" })).toEqual(["anywhere:main", { locationHint: "weur" }]);
    expect(ask({ LEDGER_JURISDICTION: "eu" })).toEqual(["eu:main", {}]);
  });

  it.each(["LEDGER_LOCATION", "LEDGER_JURISDICTION"])("is a fault when %s names none", (name) => {
    const config = defineConfig({ sources: [{ prefix: "", url: "https://o.example/{id}" }] });
    const told = (value: string) =>
      checkEnvironment(config, [], { value: (one) => (one === name ? value : LONG), hasBucket: () => true }).filter(
        (fault) => fault.startsWith(`${name}: europe is none of`),
      );
    expect([told("europe").length, told("").length]).toEqual([1, 0]);
  });
});
