import { type Config, defineConfig, FORMATS as EDGE_FORMATS, QUALITIES } from "@prewarm/shared/config";
import { QUALITY_TABLE } from "@prewarm/shared/parameter-values";
import { publicConfig } from "@prewarm/shared/public-config";
import { expect, expectTypeOf, it } from "vitest";
import { createPrewarm } from "./create-prewarm.ts";
import { DEFAULTS, FORMATS } from "./defaults.ts";
import type { Pages } from "./public-config.ts";

it("the client's defaults are the configuration's", () => {
  const { access, ...settings } = publicConfig(defineConfig({ sources: [] }));
  expect(DEFAULTS).toEqual(settings);
  expect(FORMATS).toEqual(["auto", ...EDGE_FORMATS]);
  expectTypeOf<Pages>().toEqualTypeOf<Omit<Config["pages"], "make">>();
});

it.each(Array.from({ length: 100 }, (_, n) => n + 1))("quality %i means what the edge means", (number) => {
  const { imageUrl } = createPrewarm({ baseUrl: "", pages: { qualities: QUALITIES } });
  const name = QUALITY_TABLE.find(({ upTo }) => number <= upTo)?.quality;
  expect(imageUrl("a", { quality: number })).toBe(imageUrl("a", { quality: name ?? "high" }));
});
