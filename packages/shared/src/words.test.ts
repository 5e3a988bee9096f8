import { expect, it } from "vitest";
import { momentInUtc, momentOf, withMoments } from "./words.ts";

const NOON = Date.UTC(2026, 10, 24, 12, 5, 59);

it("a sentence has its moments in one form, which its reader's words replace", () => {
  const sentence = `Paused since ${momentOf(NOON)} until ${momentOf(NOON + 86_400_000)}: 2026-11-24 and 12:05Z stay.`;
  expect(sentence).toContain("since 2026-11-24T12:05Z until 2026-11-25T12:05Z");
  expect(withMoments(sentence, (at) => momentInUtc(at, NOON))).toBe(
    "Paused since 12:05 UTC until 2026-11-25 12:05 UTC: 2026-11-24 and 12:05Z stay.",
  );
});
