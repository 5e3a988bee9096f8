import { expect, it } from "vitest";
import { doneWords, momentInUtc, momentOf, withMoments } from "./words.ts";

const NOON = Date.UTC(2026, 10, 24, 12, 5, 59);

it("a sentence has its moments in one form, which its reader's words replace", () => {
  const sentence = `Paused since ${momentOf(NOON)} until ${momentOf(NOON + 86_400_000)}: 2026-11-24 and 12:05Z stay.`;
  expect(sentence).toContain("since 2026-11-24T12:05Z until 2026-11-25T12:05Z");
  expect(withMoments(sentence, (at) => momentInUtc(at, NOON))).toBe(
    "Paused since 12:05 UTC until 2026-11-25 12:05 UTC: 2026-11-24 and 12:05Z stay.",
  );
});

it("an end is a time of the day, with the earliest and the latest where they differ", () => {
  const print = (at: number) => new Date(at).toISOString().slice(11, 16);
  const doneBetween = { from: NOON - 720_000, to: NOON + 1_680_000 };
  expect(doneWords({ doneAt: NOON, doneBetween }, print)).toBe("12:05 (11:53–12:33)");
  expect(doneWords({ doneAt: NOON, doneBetween: { from: NOON, to: NOON + 10 } }, print)).toBe("12:05");
  expect(doneWords({ doneAt: null, doneBetween: null }, print)).toBeNull();
  const withDay = (at: number) => new Date(at).toISOString().slice(0, 16).replace("T", " ");
  expect(doneWords({ doneAt: NOON, doneBetween }, withDay)).toBe("2026-11-24 12:05 (11:53–12:33)");
  const until = { from: NOON, to: NOON + 86_400_000 };
  expect(doneWords({ doneAt: NOON, doneBetween: until }, withDay)).toBe("2026-11-24 12:05 (12:05–2026-11-25 12:05)");
});
