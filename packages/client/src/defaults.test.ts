import { DEFAULTS as WHOLE } from "@prewarm/shared/config";
import { QUALITY_TABLE } from "@prewarm/shared/quality";
import { expect, it } from "vitest";
import { createPrewarm } from "./create-prewarm.ts";
import { DEFAULTS } from "./defaults.ts";

it("the client's defaults are the configuration's", () => {
  expect({ ...WHOLE, ...DEFAULTS }).toEqual(WHOLE);
});

it.each(Array.from({ length: 100 }, (_, n) => n + 1))("quality %i means what the edge means", (number) => {
  const { imageUrl } = createPrewarm({ baseUrl: "" });
  const name = QUALITY_TABLE.find(({ upTo }) => number <= upTo)?.quality;
  expect(imageUrl("a", { quality: number })).toBe(imageUrl("a", { quality: name ?? "high" }));
});
