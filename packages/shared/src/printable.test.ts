import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { printable, printableJson } from "./printable.ts";
import { character } from "./testing/arbitraries.ts";

const UNSAFE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u;
/** Letters of all kinds, the unprintable ones often. */
const TEXTS = fc.string({
  unit: fc.oneof(
    character,
    fc.constantFrom("\u001b", "\u009b", "\u202e", "\u200d", "\u2028", "\u{e0001}", "\n", '"', "\\"),
  ),
});

describe("printable", () => {
  it.each([
    ["\u001b[31m", "\\x1b[31m"],
    ["a\nb", "a\\x0ab"],
    ["\u009b2J", "\\x9b2J"],
    ["\u202egnp.exe", "\\u202egnp.exe"],
    ["\u{e0001}", "\\u{e0001}"],
    ["ünï 👍", "ünï 👍"],
  ])("writes %j as %j", (text, written) => expect(printable(text)).toBe(written));

  it("leaves no unprintable character, and changes nothing the second time", () => {
    fc.assert(
      fc.property(TEXTS, (text) => {
        expect(printable(text)).not.toMatch(UNSAFE);
        expect(printable(printable(text))).toBe(printable(text));
      }),
    );
  });
});

it("printableJson says the same value without unprintable characters", () => {
  fc.assert(
    fc.property(fc.dictionary(TEXTS, TEXTS), (value) => {
      const json = printableJson(JSON.stringify(value));
      expect(json).not.toMatch(UNSAFE);
      expect(JSON.parse(json)).toEqual(JSON.parse(JSON.stringify(value)));
    }),
  );
});
