import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fromCustomMetadata, toCustomMetadata, type VariantMetadata } from "./variant-metadata.ts";

const metadata: VariantMetadata = {
  gen: 1_800_000_000_000_001,
  job: "job_1",
  sourceEtag: '"abc"',
  originalBytes: 412_004,
  width: 800,
  height: 600,
  createdAt: 1_800_000_000_000,
};

describe("a variant's metadata", () => {
  it("survives R2's texts", () => {
    const arbitrary = fc.record({
      gen: fc.maxSafeNat(),
      job: fc.string(),
      sourceEtag: fc.option(fc.string(), { nil: null }),
      originalBytes: fc.option(fc.nat(), { nil: null }),
      width: fc.nat(),
      height: fc.nat(),
      createdAt: fc.maxSafeNat(),
    });
    fc.assert(
      fc.property(arbitrary, (any) => {
        expect(fromCustomMetadata(toCustomMetadata(any))).toEqual(any);
      }),
    );
    expect(fromCustomMetadata(toCustomMetadata({ ...metadata, sourceEtag: null }))?.sourceEtag).toBeNull();
    const smaller = ["jpeg", "webp"] as const;
    expect(fromCustomMetadata(toCustomMetadata({ ...metadata, smaller }))).toEqual({ ...metadata, smaller });
    expect(fromCustomMetadata({ ...toCustomMetadata(metadata), smaller: "heic webp" })?.smaller).toEqual(["webp"]);
  });

  it.each<[Record<string, string> | undefined, string]>([
    [undefined, "an object without any"],
    [{}, "an object that we did not put"],
    [{ ...toCustomMetadata(metadata), gen: "" }, "no generation"],
    [{ ...toCustomMetadata(metadata), gen: "-1" }, "a generation below all"],
    [{ ...toCustomMetadata(metadata), gen: "9999999999999999" }, "a generation that no number holds exactly"],
    [{ ...toCustomMetadata(metadata), width: "8e2" }, "a width in another spelling"],
  ])("is none for %j (%s)", (object) => expect(fromCustomMetadata(object)).toBeNull());
});
