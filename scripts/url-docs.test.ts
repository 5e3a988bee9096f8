import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { defineConfig } from "../packages/shared/src/config.ts";
import { AppError, problemBody } from "../packages/shared/src/errors.ts";
import { stringToSign } from "../packages/shared/src/signature.ts";
import { formatTransform, parseTransform } from "../packages/shared/src/transform.ts";
import { variantKey } from "../packages/shared/src/variant-key.ts";

// What docs/url.md claims, held against the code: each claim is looked up in the page, so that neither can change alone.
const page = readFileSync(join(import.meta.dirname, "../docs/url.md"), "utf8");
const config = defineConfig({ sources: [{ prefix: "", url: "https://cdn.example.com/{id}" }] });
const parse = (query: string) => parseTransform(query, config).transform;

describe("docs/url.md is right about", () => {
  it.each([
    ["?f=jpg&w=790", "w=800&q=high&f=jpeg"],
    ["?w=800&q=75&f=jpeg", "w=800&q=high&f=jpeg"],
    ["?w=400&dpr=2&f=jpeg&utm_source=mail", "w=800&q=high&f=jpeg"],
  ])("%s being %s", (query, form) => {
    expect(page).toContain(`\`${query}\``);
    expect(page).toContain(`\`${form}\``);
    expect(formatTransform(parse(query))).toBe(form);
  });

  it.each([
    ["w=390&h=300", "400 × 308"],
    ["w=100&h=5000", "41 × 2048"],
    ["w=390&h=293", "400 × 300"],
  ])("%s becoming %s", (query, size) => {
    expect(page.replaceAll("\n   ", " ")).toContain(`\`${query}\` becomes ${size}`);
    const { width, height } = parse(query);
    expect(`${width} × ${height}`).toBe(size);
  });

  it.each([
    ["w=800&f=jpeg", "800-high.jpeg"],
    ["f=jpeg", "orig-high.jpeg"],
    ["h=800&f=jpeg", "x800-high.jpeg"],
    ["w=390&h=300&f=jpeg", "400x308-cover-high.jpeg"],
    ["w=400&h=400&pos=top&f=jpeg", "400x400-cover-top-high.jpeg"],
  ])("%s lying in R2 as %s", (query, suffix) => {
    expect(page).toContain(`${suffix}\``);
    expect(variantKey("a", parse(query))).toBe(`a/${suffix}`);
  });

  it("the crops that need no signature", () => {
    expect(page).toContain("`?w=800&h=600`");
    expect(parseTransform("w=800&h=600", config).closed).toBe(true);
    expect(page).toContain(`by default ${config.ratios.slice(0, -1).join(", ")} and ${config.ratios.at(-1)}`);
    expect(page).toContain("3:4 at 1440 × 1920");
    const upright = parseTransform("w=2048&h=2731", { ...config, ratios: ["3:4"] }).transform;
    expect([upright.width, upright.height]).toEqual([1440, 1920]);
    expect(parse("w=1200&h=630").height).toBe(628);
    expect(parseTransform("w=1200&h=630", { ...config, ratios: [] }).transform.height).toBe(630);
  });

  it("the refusal it shows", () => {
    const [, shown = ""] = /width=800\n\n((?:.+\n)+?)```/.exec(page) ?? [];
    try {
      parse("width=800");
      expect.unreachable("it was not refused");
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      expect(JSON.parse(shown)).toEqual(JSON.parse(problemBody(error)));
    }
  });

  it("what is signed", () => {
    const [, path = "", query = ""] = /`(\/images\/photo)\?(w=801[^`]*)` is thus/.exec(page) ?? [];
    expect(page).toContain(`signed as \`${stringToSign(path, query, config.noise)}\``);
  });
});
