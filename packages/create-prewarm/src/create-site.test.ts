import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { defineConfig } from "@prewarm/shared/config";
import { checkConfig } from "@prewarm/shared/config-check";
import { PACKAGES } from "@prewarm/shared/packages";
import { describe, expect, it } from "vitest";
import { tempFolder } from "../../../test/temp-folder.ts";
import { type Ask, type Given, InputError, nameOfFolder, readSite } from "./new-site.ts";
import { ACTIONS, type NewSite, siteFiles, versionRange } from "./site-files.ts";
import { refuseUsedFolder, writeSite } from "./write-site.ts";

const ROOT = join(import.meta.dirname, "../../..");
const NOTHING: Given = { name: null, originals: null, host: null, ci: false, packages: null, yes: false };

/** Answers in the order of the questions; keeps the questions. */
function person(...answers: string[]): { ask: Ask; questions: string[] } {
  const questions: string[] = [];
  return { questions, ask: async (question) => answers[questions.push(question) - 1] ?? "" };
}

const whole = (more: Partial<NewSite> = {}): NewSite => ({
  name: "my-images",
  originals: "https://shop.example.com/o/{id}",
  host: "images.example.com",
  ci: true,
  hosts: [],
  widths: null,
  versions: { prewarm: ">=0.1.0 <1", "@prewarm/local": ">=0.1.0 <1" },
  ...more,
});

describe("a site", () => {
  it("has at most six files and 85 lines, with everything that it can have", () => {
    const files = siteFiles(whole());
    expect(files.size).toBeLessThanOrEqual(6);
    const lines = [...files.values()].reduce((sum, text) => sum + text.trimEnd().split("\n").length, 0);
    expect(lines).toBeLessThanOrEqual(85);
  });

  it("has a configuration without a fault, with what was answered", async () => {
    const folder = tempFolder("prewarm-create-");
    const text = siteFiles(whole()).get("prewarm.config.ts") ?? "";
    const shared = join(ROOT, "packages/shared/src/config.ts");
    writeFileSync(join(folder, "prewarm.config.ts"), text.replace(`${PACKAGES.prewarm}/config`, shared));
    const { default: config } = await import(join(folder, "prewarm.config.ts"));
    expect(checkConfig(config)).toEqual([]);
    expect(config.sources).toEqual([{ prefix: "", url: "https://shop.example.com/o/{id}" }]);
    expect(config.deploy).toEqual({ staging: {}, production: { edge: "images.example.com" } });
    expect(Object.keys(config.hooks)).toEqual(["uploads"]);
    expect(text).toContain(`from "${PACKAGES.prewarm}/config"`);
    expect(defineConfig(config)).toEqual(config);
  });

  it("has a workflow only when it is asked for, with the actions that this repository pins", () => {
    expect([...siteFiles(whole({ ci: false })).keys()]).not.toContain(".github/workflows/deploy.yml");
    const own = readFileSync(join(ROOT, ".github/workflows/ci.yml"), "utf8");
    for (const action of Object.values(ACTIONS)) expect(own).toContain(action);
  });

  it("takes every later version that needs nothing new of a site", () => {
    expect([versionRange("0.1.0"), versionRange("2.4.1")]).toEqual([">=0.1.0 <1", ">=2.4.1 <3"]);
  });
});

it("has the other hosts of its originals, and fewer widths, where they are known", () => {
  const text = siteFiles(whole({ hosts: ["cdn.example.com"], widths: [320, 640] })).get("prewarm.config.ts");
  expect(text).toContain(`  sources: [
    { prefix: "", url: "https://shop.example.com/o/{id}" },
    { prefix: "cdn.example.com/", url: (id) => \`https://\${encodeURI(id)}\` },
  ],
  pages: { widths: [320, 640] },
`);
});

describe("the questions", () => {
  it("are four, and each may be left at its default", async () => {
    const { ask, questions } = person();
    expect(await readSite(NOTHING, ask, "0.1.0")).toEqual({
      name: "my-images",
      hosts: [],
      widths: null,
      originals: "https://www.example.com/originals/{id}",
      host: null,
      ci: false,
      versions: { prewarm: ">=0.1.0 <1", "@prewarm/local": ">=0.1.0 <1" },
    });
    expect(questions).toHaveLength(4);
  });

  it("are not asked where a flag has answered, and none with --yes", async () => {
    const some = person("", "yes");
    const given = { ...NOTHING, name: "shop", originals: "https://a.example/{id}" };
    expect(await readSite(given, some.ask, "0.1.0")).toMatchObject({ name: "shop", host: null, ci: true });
    expect(some.questions).toHaveLength(2);
    const none = person();
    await readSite({ ...NOTHING, yes: true }, none.ask, "0.1.0");
    expect(none.questions).toEqual([]);
  });

  it.each([
    [{ name: "My Images" }, "is no name for npm"],
    [{ name: "../up" }, "is no name for npm"],
    [{ originals: "cdn.example.com/{id}" }, "is no https URL"],
    [{ originals: "http://cdn.example.com/{id}" }, "is no https URL"],
    [{ originals: "https://cdn.example.com/" }, "has no {id}"],
    [{ host: "https://images.example.com/" }, "is no host"],
    [{ packages: "/nowhere/at-all" }, "prewarm-0.1.0.tgz is not there"],
  ])("refuse %j", async (given, says) => {
    await expect(readSite({ ...NOTHING, yes: true, ...given }, null, "0.1.0")).rejects.toThrow(says);
  });

  it("need a terminal, or --yes", async () => {
    await expect(readSite(NOTHING, null, "0.1.0")).rejects.toThrow("--yes");
    expect(await readSite({ ...NOTHING, yes: true }, null, "0.1.0")).toMatchObject({ name: "my-images" });
  });

  it("take a folder of tarballs in the place of npm", async () => {
    const folder = tempFolder("prewarm-create-");
    for (const name of ["prewarm-0.1.0.tgz", "prewarm-local-0.1.0.tgz"]) writeFileSync(join(folder, name), "");
    const { versions } = await readSite({ ...NOTHING, yes: true, packages: folder }, null, "0.1.0");
    expect(versions).toEqual({
      prewarm: `file:${folder}/prewarm-0.1.0.tgz`,
      "@prewarm/local": `file:${folder}/prewarm-local-0.1.0.tgz`,
    });
  });

  it("find a name in that of a folder", () => {
    expect(["/srv/My Shop!", "/srv/_x", "/"].map(nameOfFolder)).toEqual(["my-shop-", "x", "my-images"]);
  });
});

describe("writing", () => {
  it("keeps a file that is there", () => {
    const folder = tempFolder("prewarm-create-");
    writeFileSync(join(folder, "package.json"), "{}");
    const { written, kept } = writeSite(folder, whole());
    expect([kept, written.length]).toEqual([["package.json"], 4]);
    expect(readFileSync(join(folder, "package.json"), "utf8")).toBe("{}");
  });

  it("refuses a folder that is not empty, and takes one with nothing but a new repository", () => {
    const folder = tempFolder("prewarm-create-");
    mkdirSync(join(folder, ".git"));
    refuseUsedFolder(folder);
    writeFileSync(join(folder, "photo.jpg"), "");
    expect(() => refuseUsedFolder(folder)).toThrow(InputError);
    expect(() => refuseUsedFolder(folder)).toThrow("is not empty (photo.jpg)");
  });
});

describe("the program", () => {
  const run = (cwd: string, ...args: string[]) =>
    spawnSync(process.execPath, [join(import.meta.dirname, "main.ts"), ...args], { cwd, encoding: "utf8", input: "" });

  it("writes a site, and says what to do next", () => {
    const folder = tempFolder("prewarm-create-");
    const { status, stdout } = run(folder, "shop", "--yes", "--originals", "https://a.example/{id}", "--ci");
    expect([status, stdout]).toEqual([0, expect.stringMatching(/cd shop\n {2}npm install\n {2}npx prewarm dev\n\n$/)]);
    expect(readdirSync(join(folder, "shop")).sort()).toEqual([
      ".github",
      ".gitignore",
      "README.md",
      "package.json",
      "prewarm.config.ts",
    ]);
  });

  it.each([
    [["shop"], "There is no terminal"],
    [["shop", "--colour"], "Unknown option '--colour'"],
    [["shop", "other", "--yes"], "One name is enough"],
    [["used", "--yes"], "is not empty"],
  ])("ends with 2 and one sentence, and writes nothing: %j", (args, says) => {
    const folder = tempFolder("prewarm-create-");
    mkdirSync(join(folder, "used"));
    writeFileSync(join(folder, "used/a.txt"), "");
    const { status, stderr } = run(folder, ...args);
    expect([status, stderr]).toEqual([2, expect.stringContaining(says)]);
    expect([existsSync(join(folder, "shop")), readdirSync(join(folder, "used"))]).toEqual([false, ["a.txt"]]);
  });
});
