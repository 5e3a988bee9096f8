import { readFileSync } from "node:fs";
import { deflateSync } from "node:zlib";
import { FORMATS, type Format } from "@prewarm/shared/config";
import { LABEL_MAX_BYTES } from "@prewarm/shared/limits";
import { growthOf, LINEAR_MAX } from "@prewarm/shared/testing/slowness";
import ExifReader from "exifreader";
import fc from "fast-check";
import { Unzlib } from "fflate";
import sharp from "sharp";
import { describe, expect, it, vi } from "vitest";
import { stripMetadata } from "../strip/strip-metadata.ts";
import { pngChunk } from "../strip/strip-png.ts";
import { addLabels } from "./add-labels.ts";
import { findMetadata } from "./find-metadata.ts";
import type { Labels } from "./labels.ts";
import { readLabels } from "./read-labels.ts";
import { writeXmp } from "./write-xmp.ts";

/*
 * Originals that ExifTool wrote (test/fixtures/labels/make.sh), variants that libvips made with all of their metadata, and what ExifReader, which
 * shares no code with the product, finds in these variants afterwards.
 */

const SOURCES = "http://cv.iptc.org/newscodes/digitalsourcetype";
const LICENSOR = { licensor: "Agency", licensorUrl: "https://agency.example/licence?a=1&b=2" };
const SOURCE = `${SOURCES}/compositeWithTrainedAlgorithmicMedia`;
const ALL = {
  copyright: "© 2026 Zoë & Söhne <fotos>",
  credit: 'Zoë "Z" 株式会社',
  ...LICENSOR,
  source: SOURCE,
};
const CORPUS: Record<string, Labels | null> = {
  "all.jpg": ALL,
  "all.png": ALL,
  "all.webp": ALL,
  "all.avif": ALL,
  "shorthand.jpg": { copyright: "Shorthand", credit: "Short", ...LICENSOR, source: SOURCE },
  "iim.jpg": { copyright: "© Söhne", credit: "Agentur Süd" },
  "iim-utf8.jpg": { copyright: "© 株式会社" },
  "exif.jpg": { copyright: "Exif Photographer" },
  "ai.png": { source: `${SOURCES}/trainedAlgorithmicMedia` },
  "none.jpg": null,
};
/** Bytes that a format takes around the packet; in AVIF its item is described in three lists. */
const AROUND: Record<Format, number> = { jpeg: 33, png: 34, webp: 28, avif: 100 };
/** Names of elements and their namespaces, where all labels are there. The 30 below are for entities. */
const FRAME = 552;

const original = (name: string) => new Uint8Array(readFileSync(`workers/consumer/test/fixtures/labels/${name}`));
const labelsIn = (bytes: Uint8Array) => readLabels(bytes).labels;
const pixels = (bytes: Uint8Array) => sharp(bytes, { failOn: "warning" }).raw().toBuffer();

/** A variant without metadata, of a result that still has all of the original's. */
async function plain(bytes: Uint8Array, format: Format): Promise<Uint8Array> {
  const result = await sharp(bytes).keepMetadata().resize(40).toFormat(format).toBuffer();
  const stripped = stripMetadata(new Uint8Array(result), format);
  if (!stripped.ok) throw new Error(stripped.message);
  return stripped.bytes;
}

/** What the other parser finds: labels, and the names of all groups and properties of metadata. */
function seen(bytes: Uint8Array): { labels: Labels; names: string[] } {
  const { xmp = {}, exif, iptc, gps, composite } = ExifReader.load(Buffer.from(bytes), { expanded: true });
  const { _raw, rights, Credit, DigitalSourceType, Licensor, ...others } = xmp as Record<string, { value: unknown }>;
  const text = (tag: { value: unknown } | undefined) => {
    const value = Array.isArray(tag?.value) ? tag.value[0]?.value : tag?.value;
    return typeof value === "string" ? value : undefined;
  };
  const [licensor = {}] = (Licensor?.value ?? []) as Record<string, { value: unknown }>[];
  const labels = {
    copyright: text(rights),
    credit: text(Credit),
    source: text(DigitalSourceType),
    licensor: text(licensor.LicensorName),
    licensorUrl: text(licensor.LicensorURL),
  };
  const said = Object.entries(labels).filter(([, value]) => value !== undefined);
  const names = [...Object.keys({ ...others, ...gps, ...iptc, ...composite }), ...Object.keys(exif ?? {})];
  return { labels: Object.fromEntries(said), names };
}

describe("each original of the corpus", () => {
  const cases = Object.entries(CORPUS).flatMap(([name, labels]) =>
    FORMATS.map((format) => [name, format, labels] as const),
  );

  it.each(Object.keys(CORPUS))("holds a position and a serial number, as the other parser sees: %s", (name) => {
    const { names } = seen(original(name));
    expect(names).toEqual(expect.arrayContaining(name === "exif.jpg" ? ["Latitude"] : ["Latitude", "Longitude"]));
    expect(new TextDecoder("latin1").decode(original(name))).toMatch(/SECRET/);
  });

  it.each(cases)(
    "%s: its labels and nothing else stand in its %s, whose pixels are the same",
    async (name, format, labels) => {
      const read = labelsIn(original(name));
      expect(read).toEqual(labels);
      const before = await plain(original(name), format);
      const after = read === null ? before : addLabels(before, format, read);
      // Of AVIF an empty Exif block is left.
      expect(seen(after)).toEqual({ labels: labels ?? {}, names: [] });
      expect(new TextDecoder("latin1").decode(after)).not.toMatch(/Secret|SECRET|GPS/);
      const values = Object.values(labels ?? {}).join("");
      const most = labels === null ? 0 : FRAME + AROUND[format] + Buffer.byteLength(values) + 30;
      expect(after.length - before.length).toBeLessThanOrEqual(most);
      expect((await pixels(after)).equals(await pixels(before))).toBe(true);
      // What was added is metadata for the next stripping, which takes it out.
      expect(stripMetadata(after, format)).toMatchObject({
        ok: true,
        removed: labels === null ? [] : [expect.any(String)],
      });
    },
  );
});

/** PNG's signature and header, and these chunks. */
function pngOf(...chunks: readonly [name: string, data: string | Uint8Array][]): Uint8Array {
  const made = chunks.map(([name, data]) => pngChunk(name, new Uint8Array(Buffer.from(data as string, "latin1"))));
  return new Uint8Array(Buffer.concat([original("a.png").subarray(0, 33), ...made]));
}

const compressed = (head: string, text: string | Uint8Array) =>
  Buffer.concat([Buffer.from(head, "latin1"), deflateSync(text)]);

describe("labels in a PNG's compressed texts", () => {
  it.each([
    ["pillow.png", "iTXt", ALL],
    ["libvips.png", "zTXt", ALL],
    ["imagemagick.png", "zTXt", ALL],
    ["imagemagick-iim.png", "zTXt", { copyright: "© Söhne", credit: "Agentur Süd" }],
    ["exiftool-iim.png", "zTXt", { copyright: "© Söhne", credit: "Agentur Süd" }],
  ])("are read as another writer wrote them: %s", (name, chunk, labels) => {
    const bytes = original(name);
    expect(new TextDecoder("latin1").decode(bytes)).toContain(chunk);
    expect(readLabels(bytes)).toEqual({ labels, leftOut: [] });
    // A text that the read has cut off asks for a longer one.
    const at = Buffer.from(bytes).indexOf(chunk, 0, "latin1");
    expect(findMetadata(bytes.subarray(0, at + 60)).isCut).toBe(true);
  });

  const HEADS: [chunk: string, head: string][] = [
    ["zTXt", "XML:com.adobe.xmp\0\0"],
    ["iTXt", "XML:com.adobe.xmp\0\x01\0de\0XMP\0"],
    ["zTXt", "Raw profile type xmp\0\0"],
  ];
  const packet = Buffer.from(writeXmp(ALL));
  const profile = (bytes: Uint8Array) =>
    `\nxmp\n ${bytes.length}\n${Buffer.from(bytes).toString("hex").replace(/.{72}/g, "$&\n")}\n`;
  const written = (head: string, bytes: Uint8Array) => (head.startsWith("Raw") ? Buffer.from(profile(bytes)) : bytes);

  it.each(HEADS)("are read up to the bound, and refused beyond it: %s %j", (chunk, head) => {
    const padded = (length: number) => Buffer.concat([packet, Buffer.alloc(length - packet.length, 32)]);
    const most = pngOf([chunk, compressed(head, written(head, padded(65_536)))]);
    expect(readLabels(most)).toEqual({ labels: ALL, leftOut: [] });
    const more = pngOf([chunk, compressed(head, written(head, padded(69_000)))]);
    expect(readLabels(more)).toEqual({ labels: null, leftOut: ["long_text"] });
  });

  it.each(HEADS)("a bomb is given up within two megabytes of it: %s %j", (chunk, head) => {
    const bomb = compressed(head, Buffer.alloc(60_000_000, 32));
    expect(bomb.length).toBeLessThan(65_536);
    const push = vi.spyOn(Unzlib.prototype, "push");
    const file = pngOf([chunk, bomb], [chunk, compressed(head, written(head, packet))]);
    // What comes behind it is read.
    expect(readLabels(file)).toEqual({ labels: ALL, leftOut: ["long_text"] });
    const [first] = push.mock.contexts;
    expect(push.mock.contexts.filter((stream) => stream === first).length).toBeLessThanOrEqual(2);
    expect(Math.max(...push.mock.calls.map(([piece]) => piece.byteLength))).toBeLessThanOrEqual(1_024);
  });

  it("a thousand of them are no more work than eight", () => {
    const push = vi.spyOn(Unzlib.prototype, "push");
    const one = ["zTXt", compressed("Raw profile type iptc\0\0", Buffer.alloc(1_000_000))] as const;
    expect(readLabels(pngOf(...Array.from({ length: 1_000 }, () => [...one] as [string, Uint8Array])))).toEqual({
      labels: null,
      leftOut: ["long_text"],
    });
    expect(new Set(push.mock.contexts).size).toBe(8);
  });

  it.each([
    ["another keyword", "zTXt", compressed("Comment\0\0", packet)],
    ["a method that PNG does not know", "zTXt", compressed("XML:com.adobe.xmp\0\x01", packet)],
    ["no zlib stream", "zTXt", Buffer.from("XML:com.adobe.xmp\0\0abcdefgh")],
    ["half a stream", "zTXt", compressed("XML:com.adobe.xmp\0\0", packet).subarray(0, 200)],
    ["no text", "zTXt", Buffer.from("XML:com.adobe.xmp\0\0")],
    ["names without an end", "iTXt", Buffer.from("XML:com.adobe.xmp\0\x01\0de")],
    ["a profile without a head", "zTXt", compressed("Raw profile type xmp\0\0", packet)],
    ["a profile of a colour", "zTXt", compressed("Raw profile type icc\0\0", "\nicc\n 4\n00000c48\n")],
  ])("none are found in %s", (_name, chunk, data) => {
    expect(readLabels(pngOf([chunk, data]))).toEqual({ labels: null, leftOut: [] });
  });
});

describe("a signed manifest", () => {
  const store = (uuid: string) => `\0\0\0\x38jumb\0\0\0\x1ejumd${uuid}\x03c2pa\0`;
  const MANIFEST = store("c2pa\0\x11\0\x10\x80\0\0\xaa\0\x38\x9b\x71");
  const OTHER = store("json\0\x11\0\x10\x80\0\0\xaa\0\x38\x9b\x71");
  const from = (text: string) => new Uint8Array(Buffer.from(text, "latin1"));
  const UUID = "\xd8\xfe\xc3\xd6\x1b\x0e\x48\x3c\x92\x97\x58\x28\x87\x7e\xc4\x81";
  const FILES: Record<string, (box: string) => Uint8Array> = {
    jpeg: (box) => from(`\xff\xd8\xff\xeb\0${String.fromCharCode(box.length + 10)}JP\0\x01\0\0\0\x01${box}\xff\xd9`),
    png: (box) => pngOf(["caBX", from(box)]),
    webp: (box) => from(`RIFF\0\0\0\0WEBPC2PA${String.fromCharCode(box.length)}\0\0\0${box}`),
    avif: (box) => {
      const payload = `${UUID}\0\0\0\0manifest\0\0\0\0\0\0\0\0\0${box}`;
      const head = "\0\0\0\x14ftypavif\0\0\0\0mif1";
      return from(`${head}\0\0\0${String.fromCharCode(payload.length + 8)}uuid${payload}`);
    },
  };

  it.each(Object.entries(FILES))("is named where a %s has one, and not where it has another box", (_name, file) => {
    expect(readLabels(file(MANIFEST)).leftOut).toEqual(["manifest"]);
    expect(readLabels(file(OTHER)).leftOut).toEqual([]);
    expect(readLabels(file(MANIFEST.slice(0, 30))).leftOut).toEqual([]);
    // A length of eight bytes.
    const long = `\0\0\0\x01jumb\0\0\0\0\0\0\0\x40${MANIFEST.slice(8)}`;
    expect(readLabels(file(long)).leftOut).toEqual(["manifest"]);
  });

  it("is invented for none of the corpus", () => {
    for (const name of Object.keys(CORPUS)) expect([name, readLabels(original(name)).leftOut]).toEqual([name, []]);
  });
});

describe("a variant of any structure takes labels", () => {
  const create = { width: 61, height: 41, channels: 4 as const, background: { r: 90, g: 160, b: 30, alpha: 0.4 } };
  const opaque = { ...create, channels: 3 as const, background: "#4080c0" };

  it.each([
    ["a WebP without loss and with transparency", "webp", sharp({ create }).webp({ lossless: true })],
    ["a WebP without loss", "webp", sharp({ create: opaque }).webp({ lossless: true })],
    ["a WebP with transparency", "webp", sharp({ create }).webp({ quality: 60 })],
    ["a WebP with a profile", "webp", sharp({ create: opaque }).withIccProfile("p3").webp()],
    ["an AVIF with transparency", "avif", sharp({ create }).avif()],
    ["an AVIF with a profile", "avif", sharp({ create: opaque }).withIccProfile("p3").avif()],
    ["a progressive JPEG", "jpeg", sharp({ create: opaque }).jpeg({ progressive: true })],
    ["a JPEG that is turned", "jpeg", sharp({ create: opaque }).withMetadata({ orientation: 6 }).jpeg()],
    ["a PNG with a palette", "png", sharp({ create }).png({ palette: true })],
  ] as const)("%s", async (_name, format, image) => {
    const made = stripMetadata(new Uint8Array(await image.toBuffer()), format);
    const before = made.ok ? made.bytes : new Uint8Array();
    const after = addLabels(before, format, ALL);
    expect(seen(after).labels).toEqual(ALL);
    const about = async (bytes: Uint8Array) => {
      const { width, height, hasAlpha, orientation, icc } = await sharp(bytes).metadata();
      return { width, height, hasAlpha, orientation, icc: icc?.length };
    };
    expect(await about(after)).toEqual(await about(before));
    expect((await pixels(after)).equals(await pixels(before))).toBe(true);
  });

  it("or stays as it is, where its structure is damaged", async () => {
    for (const format of FORMATS) {
      const whole = await plain(original("all.jpg"), format);
      let seed = 7;
      for (let turn = 0; turn < 1_000; turn += 1) {
        const bytes = whole.slice(0, 20 + (turn % whole.length));
        seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
        bytes[seed % Math.min(bytes.length, 700)] = (seed >> 8) & 255;
        expect(addLabels(bytes, format, ALL).length).toBeLessThanOrEqual(bytes.length + 2_000);
      }
    }
  });
});

describe("labels of any text", () => {
  it("have 500 bytes at most, end between characters, and are read as they were written", () => {
    expect(Object.values(LABEL_MAX_BYTES).reduce<number>((sum, each) => sum + each, 0)).toBe(500);
    const jpeg = original("a.jpg");
    const text = fc.string({ unit: "grapheme", maxLength: 400 });
    fc.assert(
      fc.property(text, text, text, (copyright, credit, licensor) => {
        // A packet of any writer, of which ours reads what fits.
        const labels = labelsIn(addLabels(jpeg, "jpeg", { copyright, credit, licensor })) ?? {};
        const after = addLabels(jpeg, "jpeg", labels);
        expect(seen(after).labels).toEqual(labels);
        expect(Buffer.byteLength(writeXmp({ ...labels, licensorUrl: "", source: "" }))).toBeLessThanOrEqual(
          FRAME + 500,
        );
        expect(labelsIn(after) ?? {}).toEqual(labels);
      }),
      { numRuns: 200 },
    );
  });

  it.each([
    ["javascript:alert(1)", undefined],
    [`https://a.example/${"x".repeat(200)}`, undefined],
    ["https://a.example/ü", undefined],
    ["https://a.example/licence", "https://a.example/licence"],
  ])("a licensor's page is whole and a web address, or none: %s", (licensorUrl, expected) => {
    const labels = labelsIn(addLabels(original("a.jpg"), "jpeg", { credit: "AP", licensorUrl }));
    expect(labels).toEqual({ credit: "AP", ...(expected === undefined ? {} : { licensorUrl: expected }) });
  });
});

describe("hostile originals", () => {
  const RDF = 'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"';
  const PS = 'xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/"';
  const inWebp = (xmp: string | Uint8Array) => {
    const data = Buffer.from(xmp);
    const head = Buffer.from("RIFF....WEBPVP8X\x0a\0\0\0\x04\0\0\0\0\0\0\0\0\0XMP ....", "latin1");
    head.writeUInt32LE(data.length, head.length - 4);
    return new Uint8Array(Buffer.concat([head, data]));
  };
  const about = (inner: string) =>
    `<rdf:RDF ${RDF}><rdf:Description ${PS} photoshop:Credit="AP">${inner}</rdf:Description></rdf:RDF>`;

  it.each([
    ["XMP that is cut off", about("<a").slice(0, -4), { credit: "AP" }],
    ["entities of its own", `<!DOCTYPE a [<!ENTITY x "yyy">]>${about("").replace("AP", "&x;&x;")}`, null],
    ["entities in each other", about("<photoshop:Credit>&lol9;</photoshop:Credit>").replace('"AP"', '""'), null],
    ["a megabyte of text", about(`<photoshop:Credit>${"y".repeat(1e6)}</photoshop:Credit>`), { credit: "AP" }],
    ["a megabyte of one value", about("").replace("AP", "z".repeat(1e6)), null],
    ["a value of 60 kB", about("").replace("AP", "z".repeat(60_000)), { credit: "z".repeat(80) }],
    ["elements in each other", about("<a>".repeat(10_000)), { credit: "AP" }],
    ["namespaces in each other", about('<b:a xmlns:b="c">'.repeat(3_000)), { credit: "AP" }],
    [
      "thousands of attributes",
      about(`<a ${Array.from({ length: 6_000 }, (_, n) => `b${n}=""`).join(" ")}/>`),
      { credit: "AP" },
    ],
    ["another picture's description", about(`<a ${PS}>${about("").replace("AP", "Other")}</a>`), { credit: "AP" }],
    ["control characters", about("").replace("AP", "A&#10;&#9;P"), { credit: "A P" }],
    ["bytes that are no UTF-8", Buffer.from(about("").replace("AP", "S\xfcd"), "latin1"), { credit: "Süd" }],
    ["nothing", "", null],
  ] as const)("%s", (_name, xmp, labels) => {
    expect(labelsIn(inWebp(xmp as string))).toEqual(labels);
  });

  it.each([
    ["elements", "<a>"],
    ["namespaces", '<b:a xmlns:b="c">'],
    ["brackets", "<<"],
    ["entities", "&amp;"],
    ["comments", "<!---->"],
    ["sections", "<![CDATA[]]>"],
    ["values", "<a b='c'/>"],
  ])("take time in proportion to their bytes: %s", (_name, piece) => {
    const start = about("").slice(0, -"</rdf:Description></rdf:RDF>".length);
    const growth = growthOf((times) => {
      const bytes = inWebp(start + piece.repeat((times * 15_000) / piece.length));
      return () => readLabels(bytes);
    });
    expect(growth).toBeLessThan(LINEAR_MAX);
  });

  it("a directory that leads to itself, or out of the block", () => {
    const tiff = Buffer.alloc(64);
    tiff.write("MM\0*", "latin1");
    tiff.writeUInt32BE(8, 4);
    tiff.writeUInt16BE(1, 8);
    tiff.writeUInt32BE(0x8298_0002, 10);
    const jpeg = (block: Buffer) =>
      new Uint8Array(Buffer.concat([Buffer.from("\xff\xd8\xff\xe1\0\x48Exif\0\0", "latin1"), block]));
    for (const [length, place] of [
      [0xffff_ffff, 8],
      [20, 0xffff_fff0],
      [0, 0],
      [30, 8],
    ] as const) {
      tiff.writeUInt32BE(length, 14);
      tiff.writeUInt32BE(place, 18);
      expect(JSON.stringify(labelsIn(jpeg(tiff)) ?? "").length).toBeLessThan(300);
    }
  });

  const DAMAGED = [
    "all.jpg",
    "all.png",
    "all.webp",
    "all.avif",
    "iim.jpg",
    "pillow.png",
    "libvips.png",
    "imagemagick.png",
  ];

  it.each(DAMAGED)("%s, cut off or changed anywhere", (name) => {
    const whole = original(name);
    for (let length = 0; length < whole.length; length += 37) labelsIn(whole.subarray(0, length));
    let seed = 3;
    for (let turn = 0; turn < 300; turn += 1) {
      const bytes = whole.slice();
      for (let n = 0; n < 3; n += 1) {
        seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
        bytes[seed % bytes.length] = (seed >> 8) & 255;
      }
      const said = Object.values(labelsIn(bytes) ?? {}).join("");
      expect(Buffer.byteLength(said)).toBeLessThanOrEqual(500);
    }
  });
});
