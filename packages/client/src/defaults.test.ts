import { DEFAULTS, QUALITIES as NAMES } from "@prewarm/shared/config";
import { QUALITY_TABLE } from "@prewarm/shared/quality";
import { expect, it } from "vitest";
import { createPrewarm } from "./create-prewarm.ts";
import { FORMATS, LADDER, PASS_THROUGH, QUALITIES } from "./defaults.ts";

it("the client's defaults are the configuration's", () => {
  const { ladder, formats, qualities, passThrough } = DEFAULTS;
  expect([LADDER, FORMATS, QUALITIES, PASS_THROUGH]).toEqual([ladder, formats, qualities, passThrough]);
  expect(QUALITIES).toEqual(NAMES);
});

it.each(Array.from({ length: 100 }, (_, n) => n + 1))("quality %i means what the edge means", (number) => {
  const { imageUrl } = createPrewarm({ baseUrl: "" });
  const name = QUALITY_TABLE.find(({ upTo }) => number <= upTo)?.quality;
  expect(imageUrl("a", { quality: number })).toBe(imageUrl("a", { quality: name ?? "high" }));
});
