import { describe, expect, it } from "vitest";
import { parseInfo, publicInfo, type StoredInfo } from "./image-info.ts";

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
};

describe("what is known of an image", () => {
  it("is read as it was written, and tells nothing of formats and etags", () => {
    expect(parseInfo(JSON.stringify(INFO))).toEqual(INFO);
    const { etag, stored, ...known } = INFO;
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
  ])("is nothing when it is damaged: %s", (text) => expect(parseInfo(text)).toBeNull());
});
