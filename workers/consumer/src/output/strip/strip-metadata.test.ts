import { FORMATS } from "@prewarm/shared/config";
import { orientedSize, readImageHeader } from "@prewarm/shared/image-header";
import sharp from "sharp";
import { describe, expect, it } from "vitest";
import { AUTHOR, geotagged, TITLE } from "../../testing/geotagged.ts";
import { picture } from "../../testing/pictures.ts";
import { concat, type Stripped } from "./bytes.ts";
import { stripMetadata } from "./strip-metadata.ts";

function stripped(result: Stripped): { bytes: Uint8Array; removed: string[] } {
  if (!result.ok) throw new Error(result.message);
  return result;
}

const text = (bytes: Uint8Array) => new TextDecoder("latin1").decode(bytes);
const pixels = (bytes: Uint8Array, turned = false) =>
  (turned ? sharp(bytes).autoOrient() : sharp(bytes)).removeAlpha().raw().toBuffer();

describe("a result with a position and an author", () => {
  it.each(FORMATS)("is stored without either, as %s, and looks the same", async (format) => {
    const before = await geotagged(format, 64, 48);
    const seen = await sharp(before).metadata();
    expect([seen.exif?.includes(AUTHOR), seen.xmp?.includes(TITLE)]).toEqual([true, true]);

    const { bytes, removed } = stripped(stripMetadata(before, format));
    expect(removed).toEqual(expect.arrayContaining(["Exif"]));
    expect(text(bytes)).not.toMatch(/Jane|Secret|garden|xmpmeta|GPS/);
    const { exif, xmp, iptc, icc, width, height } = await sharp(bytes, { failOn: "warning" }).metadata();
    expect([iptc, width, height, icc?.equals(seen.icc ?? Buffer.alloc(0))]).toEqual([undefined, 64, 48, true]);
    expect(xmp?.toString().trim() ?? "").toBe("");
    expect(exif?.byteLength ?? 0).toBeLessThan(30 + (format === "avif" ? before.byteLength : 0));
    expect((await pixels(bytes)).equals(await pixels(before))).toBe(true);
  });

  it.each(FORMATS)("has nothing left to be taken out of %s the second time", async (format) => {
    const { bytes } = stripped(stripMetadata(await geotagged(format, 64, 48, 6), format));
    expect(stripMetadata(bytes, format)).toEqual({ ok: true, bytes, removed: [] });
  });

  it.each(FORMATS.flatMap((format) => [1, 2, 3, 4, 5, 6, 7, 8].map((orientation) => [format, orientation] as const)))(
    "is turned as it was: %s, orientation %d",
    async (format, orientation) => {
      const before = await geotagged(format, 64, 48, orientation);
      const { bytes } = stripped(stripMetadata(before, format));
      const [was, is] = [readImageHeader(before), readImageHeader(bytes)];
      expect(is).toMatchObject({ orientation: was?.orientation, width: 64, height: 48 });
      expect(is && orientedSize(is)).toEqual(was && orientedSize(was));
      expect((await pixels(bytes, true)).equals(await pixels(before, true))).toBe(true);
      expect(text(bytes)).not.toMatch(/Jane|Secret/);
    },
  );
});

describe("a result that says nothing but its picture", () => {
  it.each(FORMATS)("stays the same bytes: %s", async (format) => {
    const bytes = await picture(format, 64, 48);
    const result = stripped(stripMetadata(bytes, format));
    expect(result.bytes).toBe(bytes);
    expect(result.removed).toEqual([]);
  });

  it("keeps transparency, palettes and progressive scans", async () => {
    const create = { width: 60, height: 40, channels: 4 as const, background: { r: 90, g: 160, b: 30, alpha: 0.4 } };
    const made = [
      ["png", sharp({ create }).png({ palette: true })],
      ["png", sharp({ create }).png({ progressive: true })],
      ["webp", sharp({ create }).webp({ lossless: true })],
      ["webp", sharp({ create }).webp({ quality: 60 })],
      ["jpeg", sharp({ create }).jpeg({ progressive: true })],
      ["avif", sharp({ create }).avif({ quality: 60 })],
    ] as const;
    for (const [format, image] of made) {
      const before = new Uint8Array(await image.withXmp(`<x>${AUTHOR}</x>`).toBuffer());
      const { bytes, removed } = stripped(stripMetadata(before, format));
      expect([format, removed.length > 0]).toEqual([format, true]);
      expect(text(bytes)).not.toContain(AUTHOR);
      const raw = (one: Uint8Array) => sharp(one, { failOn: "warning" }).raw().toBuffer();
      expect((await raw(bytes)).equals(await raw(before)), format).toBe(true);
    }
  });
});

/** A JPEG segment. */
function segment(marker: number, content: string): Uint8Array {
  const bytes = Buffer.from(content, "latin1");
  return concat([Uint8Array.of(0xff, marker, (bytes.length + 2) >> 8, (bytes.length + 2) & 255), bytes]);
}

describe("what else files carry", () => {
  it.each([
    ["a comment", segment(0xfe, `by ${AUTHOR}`), "a comment"],
    ["IPTC", segment(0xed, `Photoshop 3.0\0 ${AUTHOR}`), "IPTC"],
    ["a second Exif segment", segment(0xe1, `Exif\0\0II*\0\x08\0\0\0\0\0 ${AUTHOR}`), "Exif"],
    ["XMP's second part", segment(0xe1, `http://ns.adobe.com/xmp/extension/\0${AUTHOR}`), "XMP"],
    ["a list of more pictures", segment(0xe2, `MPF\0${AUTHOR}`), "more pictures"],
    ["a segment of a camera's own", segment(0xef, AUTHOR), "segment APP15"],
    ["a thumbnail", segment(0xe0, `JFIF\0\x01\x02\0\0\x01\0\x01\x01\x01${AUTHOR}`), "a thumbnail"],
  ])("JPEG: %s", async (_name, more, name) => {
    const jpeg = await picture("jpeg", 64, 48);
    const before = concat([jpeg.subarray(0, 2), more, jpeg.subarray(2)]);
    const { bytes, removed } = stripped(stripMetadata(before, "jpeg"));
    expect(removed).toEqual([name]);
    expect(text(bytes)).not.toContain(AUTHOR);
    expect((await pixels(bytes)).equals(await pixels(jpeg))).toBe(true);
  });

  it.each(["jpeg", "png"] as const)("what stands behind a %s: a film, another picture", async (format) => {
    const own = await picture(format, 64, 48);
    const behind = Buffer.from(`ftypmp42 ${AUTHOR}`);
    const { bytes, removed } = stripped(stripMetadata(concat([own, behind]), format));
    expect([bytes, removed]).toEqual([own, ["what stood behind the picture"]]);
  });

  it("a comment between the scans of a JPEG", async () => {
    const jpeg = new Uint8Array(
      await sharp(await picture("png", 64, 48))
        .jpeg({ progressive: true })
        .toBuffer(),
    );
    const second = jpeg.findLastIndex((byte, at) => byte === 0xff && jpeg[at + 1] === 0xda);
    const before = concat([jpeg.subarray(0, second), segment(0xfe, AUTHOR), jpeg.subarray(second)]);
    const { bytes, removed } = stripped(stripMetadata(before, "jpeg"));
    expect([removed, bytes]).toEqual([["a comment"], jpeg]);
  });

  it("texts and times of a PNG, and chunks of programs", async () => {
    const png = await picture("png", 64, 48);
    const chunk = (name: string, data: string) => {
      const bytes = Buffer.from(`....${name}${data}....`, "latin1");
      bytes.writeUInt32BE(data.length);
      return bytes;
    };
    const all = [chunk("tEXt", `Author\0${AUTHOR}`), chunk("tIME", "1234567"), chunk("prVt", AUTHOR)];
    const before = concat([png.subarray(0, -12), ...all, png.subarray(-12)]);
    expect(stripMetadata(before, "png")).toEqual({ ok: true, bytes: png, removed: ["text", "a time", "chunk prVt"] });
  });

  it("boxes of an AVIF that hold anything", async () => {
    const avif = await picture("avif", 64, 48);
    const box = (name: string, data: string) => {
      const bytes = Buffer.from(`....${name}${data}`, "latin1");
      bytes.writeUInt32BE(bytes.length);
      return bytes;
    };
    const before = concat([avif, box("free", AUTHOR), box("uuid", `0123456789abcdef${AUTHOR}`)]);
    const { bytes, removed } = stripped(stripMetadata(before, "avif"));
    expect([removed, bytes.byteLength]).toEqual([["box free", "box uuid"], before.byteLength]);
    expect(text(bytes)).not.toContain(AUTHOR);
    expect((await pixels(bytes)).equals(await pixels(avif))).toBe(true);
  });
});

describe("what cannot be stripped is refused, and nothing throws", () => {
  it("an AVIF whose list of places says that Exif lies within the picture", async () => {
    const avif = Buffer.from(await geotagged("avif", 64, 48));
    const mdat = avif.indexOf("mdat") + 4;
    const iloc = avif.indexOf("iloc");
    const exif = avif.lastIndexOf(Buffer.from([0x49, 0x49, 0x2a, 0])) - 4;
    const places = Array.from({ length: 100 }, (_, n) => iloc + n);
    // The item may begin before its TIFF header.
    const place = places.find((at) => Math.abs(avif.readUInt32BE(at) - exif) <= 6) ?? 0;
    expect(avif.readUInt32BE(place)).toBeGreaterThan(mdat);
    avif.writeUInt32BE(mdat, place);
    expect(stripMetadata(avif, "avif")).toMatchObject({ ok: false, message: expect.stringContaining("Exif") });
  });

  it("an AVIF sequence", async () => {
    const avif = await picture("avif", 64, 48);
    const moov = Buffer.from([0, 0, 0, 8, ...Buffer.from("moov")]);
    expect(stripMetadata(concat([avif, moov]), "avif")).toEqual({ ok: false, message: "it is an avif sequence" });
  });

  it.each(FORMATS)("%s of more parts than a picture has: each part costs time", async (format) => {
    const whole = await picture(format, 64, 48);
    // Parts without content, before the last part or behind all.
    const part = { webp: "none\0\0\0\0", avif: "\0\0\0\x08none", jpeg: "\xff\xe9\0\x02", png: "\0\0\0\0none\0\0\0\0" }[
      format
    ];
    const parts = (n: number) => Uint8Array.from(part.repeat(n), (char) => char.charCodeAt(0));
    const at = { webp: whole.length, avif: whole.length, jpeg: 2, png: whole.length - 12 }[format];
    const file = (n: number) => {
      const bytes = concat([whole.subarray(0, at), parts(n), whole.subarray(at)]);
      if (format === "webp") new DataView(bytes.buffer).setUint32(4, bytes.length - 8, true);
      return bytes;
    };
    expect(stripMetadata(file(1_000), format)).toMatchObject({ ok: true });
    expect(stripMetadata(file(100_000), format)).toMatchObject({ ok: false });
  });

  it.each(FORMATS)("%s that is cut off or changed anywhere", async (format) => {
    const whole = await geotagged(format, 64, 48);
    for (let length = 0; length < whole.length; length += 7) stripMetadata(whole.subarray(0, length), format);
    let seed = 7;
    for (let turn = 0; turn < 3_000; turn += 1) {
      const bytes = whole.slice();
      for (let n = 0; n < 3; n += 1) {
        seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
        bytes[seed % Math.min(bytes.length, 1_500)] = (seed >> 8) & 255;
      }
      const result = stripMetadata(bytes, format);
      if (result.ok) expect(result.bytes.byteLength).toBeLessThanOrEqual(bytes.byteLength + 40);
    }
  });
});
