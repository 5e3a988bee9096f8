import { describe, expect, it } from "vitest";
import { defineConfig, type UserConfig } from "../../packages/shared/src/config.ts";
import { uploadLines } from "./uploads.ts";

const lines = (user: Partial<UserConfig> = {}): string[] =>
  uploadLines(defineConfig({ sources: [{ prefix: "", url: "https://cdn.example.com/{id}" }], ...user }));

describe("what a line of pages costs an upload", () => {
  it("is told line by line, and in all", () => {
    expect(lines()).toEqual([
      "An upload makes 11 variants, each an Ittybit job (`pages`):",
      "  widths high: 7",
      "  stand-ins high: 3",
      "  placeholder: 1",
    ]);
  });

  it("is told in money where the price is known, and counts a variant of two lines once", () => {
    const pages = { qualities: ["low", "high"], ratios: ["1:1"] } as const;
    const presets = { square: "w=640&h=640&f=avif", card: "w=640&h=480&f=webp" };
    expect(lines({ pages, presets, budget: { per1000Jobs: 2 } })).toEqual([
      "An upload makes 29 variants, each an Ittybit job (`pages`), 0.0580 in all:",
      "  widths low: 7 (0.0140)",
      "  widths high: 7 (0.0140)",
      "  stand-ins low: 3 (0.0060)",
      "  stand-ins high: 3 (0.0060)",
      "  ratios 1:1: 7 (0.0140)",
      "  presets square: 0 (0.0000)",
      "  presets card: 1 (0.0020)",
      "  placeholder: 1 (0.0020)",
    ]);
  });

  it("says what an upload recipe of the site's own leaves cold", () => {
    expect(lines({ recipes: { upload: ["w=320&f=auto", "w=800"] } })).toEqual([
      "An upload makes 2 variants, each an Ittybit job (`recipes.upload`).",
      "  10 variants that pages ask for are not in it: leave recipes.upload out, or narrow pages.",
    ]);
  });
});
