import { FORMATS } from "@prewarm/shared/config";
import { describe, expect, it } from "vitest";
import { picture } from "../testing/pictures.ts";
import { type Expected, verifyOutput } from "./verify.ts";

function expected(more: Partial<Expected> = {}): Expected {
  return { format: "webp", size: { width: 64, height: 48 }, asked: { width: 64, height: null }, fit: null, ...more };
}

describe("verifyOutput", () => {
  it.each(FORMATS)("takes a real %s, and none of its beginnings", async (format) => {
    const bytes = await picture(format, 64, 48);
    expect(verifyOutput(bytes, expected({ format }))).toEqual({ ok: true, size: { width: 64, height: 48 } });
    for (let length = 0; length < bytes.length - 2; length += 1) {
      expect(verifyOutput(bytes.subarray(0, length), expected({ format })).ok, `${length} of ${bytes.length}`).toBe(
        false,
      );
    }
  });

  it.each(FORMATS)("takes %s for no other format", async (format) => {
    const bytes = await picture(format, 64, 48);
    for (const other of FORMATS) {
      if (other !== format) expect(verifyOutput(bytes, expected({ format: other })).ok).toBe(false);
    }
  });

  it.each<[string, Partial<Expected>, boolean]>([
    ["the exact size", {}, true],
    ["a pixel more or less, for rounding", { size: { width: 64, height: 49 } }, true],
    ["two pixels", { size: { width: 64, height: 50 } }, false],
    ["a stretched picture", { size: { width: 64, height: 64 } }, false],
    ["cover that does not fill the box", { size: { width: 64, height: 64 }, fit: "cover" }, false],
    ["contain that fits into the box", { size: { width: 64, height: 64 }, fit: "contain" }, true],
    ["contain that touches no side", { size: { width: 80, height: 80 }, fit: "contain" }, false],
    ["contain larger than the box", { size: { width: 64, height: 40 }, fit: "contain" }, false],
    ["a size that nobody knows", { size: null }, true],
    ["wider than asked, where only that is known", { size: null, asked: { width: 60, height: null } }, false],
    ["higher than asked, where only that is known", { size: null, asked: { width: null, height: 40 } }, false],
  ])("judges %s", async (_name, more, ok) => {
    expect(verifyOutput(await picture("webp", 64, 48), expected(more)).ok).toBe(ok);
  });
});
