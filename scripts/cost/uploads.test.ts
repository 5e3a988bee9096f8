import { describe, expect, it } from "vitest";
import { defineConfig, type UserConfig } from "../../packages/shared/src/config.ts";
import { uploadLines } from "./uploads.ts";

const lines = (user: Partial<UserConfig> = {}): string[] =>
  uploadLines(defineConfig({ sources: [{ prefix: "", url: "https://cdn.example.com/{id}" }], ...user }));

describe("what a line of pages costs an upload", () => {
  it("is told line by line, and in all", () => {
    expect(lines()).toEqual([
      "An upload makes 22 variants, each an Ittybit job (`pages`):",
      "  widths high: 21",
      "  stand-in: 1",
    ]);
  });

  it("is told in money where the price is known, and counts a variant of two lines once", () => {
    const pages = { qualities: ["low", "high"], ratios: ["1:1"], og: true } as const;
    const presets = { og: "w=640&h=640&f=jpeg", card: "w=640&h=480&f=webp" };
    expect(lines({ pages, presets, prices: { ittybitPer1000Jobs: 2 } })).toEqual([
      "An upload makes 65 variants, each an Ittybit job (`pages`), 0.1300 in all:",
      "  widths low: 21 (0.0420)",
      "  widths high: 21 (0.0420)",
      "  ratios 1:1: 21 (0.0420)",
      "  presets og: 0 (0.0000)",
      "  presets card: 1 (0.0020)",
      "  stand-in: 1 (0.0020)",
    ]);
  });

  it("says what an upload recipe of the site's own leaves cold", () => {
    expect(lines({ recipes: { upload: ["w=320&f=auto", "w=800"] } })).toEqual([
      "An upload makes 4 variants, each an Ittybit job (`recipes.upload`).",
      "  19 variants that pages ask for are not in it: leave recipes.upload out, or narrow pages.",
    ]);
  });
});
