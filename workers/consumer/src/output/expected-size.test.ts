import type { Transform } from "@prewarm/shared/transform";
import { describe, expect, it } from "vitest";
import { expectedSize } from "./expected-size.ts";

function transform(width: number | null, height: number | null): Transform {
  return { width, height, fit: null, pos: null, quality: "high", format: "webp" };
}

describe("expectedSize", () => {
  it("keeps the original's shape when one side is asked for", () => {
    expect(expectedSize(transform(320, null), { width: 1920, height: 1080 })).toEqual({ width: 320, height: 180 });
    expect(expectedSize(transform(null, 180), { width: 1920, height: 1080 })).toEqual({ width: 320, height: 180 });
    expect(expectedSize(transform(4000, null), { width: 1920, height: 1080 })).toEqual({ width: 1920, height: 1080 });
    expect(expectedSize(transform(null, null), { width: 1920, height: 1080 })).toEqual({ width: 1920, height: 1080 });
    expect(expectedSize(transform(320, null), null)).toBeNull();
  });
});
