import { dirname } from "node:path";
import { KEY_PATTERN } from "@prewarm/shared/variant-key";
import { describe, expect, it, vi } from "vitest";
import { findPatterns, HARMLESS, slownessOf } from "./regexps.ts";
import { isTest, readSources } from "./rooms/read-imports.ts";

describe("the check of regular expressions", () => {
  it.each([
    [
      /^bytes\s*=[\s,]*(\d{0,15})\s*-\s*(\d{0,15})[\s,]*$/i,
      "the Range header's, until a stranger's header held the edge",
    ],
    [/(\bhttps?:\/\/[^\s?"'<>]*)\?[^\s"'<>]*/gi, "the log's"],
    [/\.+$/, "the output host's"],
    [/(a+)+$/, "the textbook's"],
  ])("refuses %s (%s)", (regex) => {
    expect(slownessOf({ pattern: regex.source, flags: regex.flags })).toMatch(/polynomial|exponential/);
  });

  it.each([/^\/+/, /^[A-Za-z0-9_-]{43}$/, /\p{Cc}+/gu, /,\s*/, KEY_PATTERN])("lets %s pass", (regex) => {
    expect(slownessOf({ pattern: regex.source, flags: regex.flags })).toBeNull();
  });

  it("judges alike however slow the machine is", () => {
    // A look at the clock finds ten seconds more than the last one.
    let late = 0;
    vi.spyOn(performance, "now").mockImplementation(() => {
      late += 10_000;
      return late;
    });
    for (const sound of [KEY_PATTERN, /^(?!.*answers 402)/s])
      expect(slownessOf({ pattern: sound.source, flags: sound.flags })).toBeNull();
    expect(slownessOf({ pattern: "(a+)+$", flags: "" })).toMatch(/exponential/);
    vi.restoreAllMocks();
  });

  it("finds every literal, and what is made at run time", () => {
    const source = 'const a = /x+/gi;\n// /not this/\nconst b = "/nor this/";\nconst c = new RegExp(b) ?? RegExp(a);\n';
    expect(findPatterns("a.ts", source)).toEqual([
      { line: 1, regex: { pattern: "x+", flags: "gi" } },
      { line: 4, regex: null },
      { line: 4, regex: null },
    ]);
  });
});

describe("an exception", () => {
  const code = readSources(dirname(import.meta.dirname)).filter(({ path }) => !isTest(path));
  const importersOf = (file: string) =>
    code.filter(({ imports }) => imports.some((name) => sourceOf(name) === file)).map(({ path }) => path);
  const bounded = Object.entries(HARMLESS).filter(([, { callers }]) => callers !== "any");

  it.each(bounded)("%s has the callers that its reason is about", (file, { callers }) => {
    expect(importersOf(file)).toEqual(callers);
  });

  it.each(bounded)("%s is in no Worker", (file) => {
    const reached = new Set([file]);
    for (const one of reached) for (const importer of importersOf(one)) reached.add(importer);
    expect([...reached].filter((path) => path.startsWith("workers/"))).toEqual([]);
  });

  it("sees who imports by a package's name", () => {
    expect(importersOf("packages/shared/src/variant-key.ts")).toContain("workers/consumer/src/api/jobs.ts");
  });
});

/** The file that an import means: `@prewarm/shared/job` is `packages/shared/src/job.ts`. */
function sourceOf(name: string): string {
  return name.replace(/^@prewarm\/([^/]+)\/(.+)$/, "packages/$1/src/$2.ts");
}
