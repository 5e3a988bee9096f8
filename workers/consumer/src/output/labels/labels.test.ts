import { readFileSync } from "node:fs";
import { FORMATS, type Format } from "@prewarm/shared/config";
import { LABEL_MAX_BYTES } from "@prewarm/shared/limits";
import { growthOf, LINEAR_MAX } from "@prewarm/shared/testing/slowness";
import ExifReader from "exifreader";
import fc from "fast-check";
import sharp from "sharp";
import { describe, expect, it } from "vitest";
import { stripMetadata } from "../strip/strip-metadata.ts";
import { addLabels } from "./add-labels.ts";
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
      const read = readLabels(original(name));
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
        const labels = readLabels(addLabels(jpeg, "jpeg", { copyright, credit, licensor })) ?? {};
        const after = addLabels(jpeg, "jpeg", labels);
        expect(seen(after).labels).toEqual(labels);
        expect(Buffer.byteLength(writeXmp({ ...labels, licensorUrl: "", source: "" }))).toBeLessThanOrEqual(
          FRAME + 500,
        );
        expect(readLabels(after) ?? {}).toEqual(labels);
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
    const labels = readLabels(addLabels(original("a.jpg"), "jpeg", { credit: "AP", licensorUrl }));
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
    expect(readLabels(inWebp(xmp as string))).toEqual(labels);
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
      expect(JSON.stringify(readLabels(jpeg(tiff)) ?? "").length).toBeLessThan(300);
    }
  });

  it.each(["all.jpg", "all.png", "all.webp", "all.avif", "iim.jpg"])("%s, cut off or changed anywhere", (name) => {
    const whole = original(name);
    for (let length = 0; length < whole.length; length += 37) readLabels(whole.subarray(0, length));
    let seed = 3;
    for (let turn = 0; turn < 300; turn += 1) {
      const bytes = whole.slice();
      for (let n = 0; n < 3; n += 1) {
        seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
        bytes[seed % bytes.length] = (seed >> 8) & 255;
      }
      const said = Object.values(readLabels(bytes) ?? {}).join("");
      expect(Buffer.byteLength(said)).toBeLessThanOrEqual(500);
    }
  });
});
