import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { OTHERS_MAX, parseInfo, publicInfo, type StoredInfo, storedVariants, withStored } from "./image-info.ts";
import { transforms } from "./testing/arbitraries.ts";
import { variantName } from "./variant-key.ts";

const INFO: StoredInfo = {
  width: 2400,
  height: 1600,
  type: "image/jpeg",
  bytes: 350_000,
  frames: 1,
  etag: '"e1"',
  version: null,
  lqip: "data:image/webp;base64,AAAA",
  stored: { webp: [320, 1080], avif: [320, 640] },
  others: [],
};

const INFO_EMPTY: StoredInfo = { ...INFO, stored: {} };
const NONE = { height: null, fit: null, pos: null, quality: "high", format: "webp" } as const;

describe("what is known of an image", () => {
  it("is read as it was written, and tells nothing of formats and etags", () => {
    expect(parseInfo(JSON.stringify(INFO))).toEqual(INFO);
    const { etag, stored, others, ...known } = INFO;
    expect(publicInfo("a/b", INFO)).toEqual({ ...known, id: "a/b", widths: [320, 640, 1080] });
    expect(publicInfo("a", { ...INFO, lqip: null })).not.toHaveProperty("lqip");
  });

  it.each([
    "",
    "null",
    "[]",
    "{}",
    "{",
    ...Object.keys(INFO).map((name) => JSON.stringify({ ...INFO, [name]: undefined })),
    JSON.stringify({ ...INFO, width: 0 }),
    JSON.stringify({ ...INFO, bytes: -1 }),
    JSON.stringify({ ...INFO, stored: { webp: ["1"] } }),
    JSON.stringify({ ...INFO, others: "640-low.webp" }),
    JSON.stringify({ ...INFO, others: [1] }),
  ])("is nothing when it is damaged: %s", (text) => expect(parseInfo(text)).toBeNull());
});

describe("the stored variants of a note", () => {
  it("are those that it was told of, whatever they are, each once", () => {
    fc.assert(
      fc.property(fc.array(transforms, { maxLength: OTHERS_MAX }), (added) => {
        const info = parseInfo(JSON.stringify(withStored(withStored(INFO_EMPTY, added), added)));
        const names = (info === null ? [] : storedVariants(info, null)).map(variantName);
        expect(names.toSorted()).toEqual([...new Set(added.map(variantName))].toSorted());
      }),
    );
  });

  it("are bounded: the newest of the crops and other qualities are kept, and every width", () => {
    const crop = (height: number) => ({ ...NONE, width: 640, height, fit: "cover" as const });
    const widths = [320, 640, 1080].map((width) => ({ ...NONE, width }));
    const many = Array.from({ length: OTHERS_MAX + 5 }, (_, n) => crop(n + 1));
    const info = withStored(INFO_EMPTY, [...widths, ...many]);
    expect(info.stored).toEqual({ webp: [320, 640, 1080] });
    expect([info.others?.length, info.others?.[0], info.others?.at(-1)]).toEqual([
      OTHERS_MAX,
      "640x6-cover-high.webp",
      `640x${OTHERS_MAX + 5}-cover-high.webp`,
    ]);
  });

  it("are its widths and the named others; names that cannot be read are passed over", () => {
    expect(storedVariants(INFO, null).map(variantName)).toEqual([
      "320-high.avif",
      "640-high.avif",
      "320-high.webp",
      "1080-high.webp",
    ]);
    const others = ["", "x", "@2/640-high.webp", "a/640-high.webp", "640-high.gif", "640-low.webp"];
    expect(storedVariants({ version: null, stored: {}, others }, null).map(variantName)).toEqual(["640-low.webp"]);
  });

  it("of another version are those that stand beside them, whatever a damaged note says there", () => {
    const elsewhere = { "@2/320-high.webp": 7, "@3/640-low.avif": 7, nonsense: 7, "640-high.webp": 7 };
    const named = (info: StoredInfo, v: string | null) => storedVariants(info, v).map(variantName);
    expect(named({ ...INFO, elsewhere }, "2")).toEqual(["320-high.webp"]);
    expect(named({ ...INFO, elsewhere }, "4")).toEqual([]);
    expect(named({ ...INFO, version: "4", elsewhere }, null)).toEqual(["640-high.webp"]);
    for (const damaged of ["null", '"text"', "7", "[1]"])
      expect(named(JSON.parse(`{"version":null,"stored":{},"elsewhere":${damaged}}`), "2")).toEqual([]);
  });
});
