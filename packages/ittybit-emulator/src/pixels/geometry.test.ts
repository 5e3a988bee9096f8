import { describe, expect, it } from "vitest";
import { targetSize } from "./geometry.ts";

const HD = { width: 1920, height: 1080 };

describe("targetSize", () => {
  it.each<[Parameters<typeof targetSize>[1], number, number, string]>([
    [{ width: 320 }, 320, 180, "the documented example"],
    [{ height: 540 }, 960, 540, "height alone"],
    [{ width: "50%" }, 960, 540, "a share of the source"],
    [{ width: "33.3%" }, 639, 359, "rounded once for the width, once for the height"],
    [{ width: 100, height: 100 }, 100, 100, "a pair as it is"],
    [{ width: "10%", height: 50 }, 192, 50, "mixed"],
    [{}, 1920, 1080, "nothing asked"],
    [{ width: 3840 }, 3840, 2160, "enlarging is undocumented, and done"],
    [{ height: 1 }, 2, 1, "tiny"],
  ])("%j is %i×%i (%s)", (asked, width, height) => {
    expect(targetSize(HD, asked, false)).toEqual({ width, height });
  });

  it.each([
    [{ width: 3840 }, 1920, 1080],
    [{ width: 3840, height: 1080 }, 1920, 540],
    [{ width: 100, height: 2160 }, 50, 1080],
    [{ width: 640 }, 640, 360],
  ])("clamped, %j is %i×%i", (asked, width, height) => {
    expect(targetSize(HD, asked, true)).toEqual({ width, height });
  });

  it("never makes an image without a pixel", () => {
    expect(targetSize({ width: 8000, height: 2 }, { width: 10 }, false)).toEqual({ width: 10, height: 1 });
  });
});
