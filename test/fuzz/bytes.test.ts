import { FORMATS } from "@prewarm/shared/config";
import { readImageHeader, sniffType } from "@prewarm/shared/image-header";
import fc from "fast-check";
import { it } from "vitest";
import { stripMetadata } from "../../workers/consumer/src/output/strip/strip-metadata.ts";
import { verifyOutput } from "../../workers/consumer/src/output/verify.ts";
import { corpusOf, fuzz, lengthsOf } from "./fuzz.ts";

/** Small pictures of every type that we read, in base64, and files that look like one. */
const SEEDS = corpusOf<string>("image-seeds").map((text) => new Uint8Array(Buffer.from(text, "base64")));

interface Bytes {
  seed: number;
  changes: { at: number; value: number }[];
  /** So many bytes are shown; null: all. */
  cut: number | null;
  fill: { at: number; value: number; length: number };
  format: number;
}

const NO_FILL = { at: 0, value: 0, length: 0 };

it("image headers and outputs: sizes that can be, or none", () => {
  const value = fc.constantFrom(0, 1, 2, 0x2c, 0x21, 0x7f, 0x80, 0xd8, 0xff);
  const made: fc.Arbitrary<Bytes> = fc.record({
    seed: fc.nat(SEEDS.length - 1),
    changes: fc.array(fc.record({ at: fc.nat(2000), value }), { maxLength: 6 }),
    cut: fc.option(fc.nat(1500), { freq: 1 }),
    fill: fc.record({ at: fc.nat(2000), value, length: fc.constantFrom(0, 0, 0, 0, 0, 8, 300, 65_536) }),
    format: fc.nat(FORMATS.length - 1),
  });
  const cutAt = (seed: number, format: number) =>
    lengthsOf(SEEDS[seed] ?? []).map((cut) => ({ seed, changes: [], cut, fill: NO_FILL, format }));
  const begun = SEEDS.flatMap((_, seed) => FORMATS.flatMap((_, format) => cutAt(seed, format)));
  fuzz("image headers", { corpus: corpusOf<Bytes>("image"), begun, made }, ({ seed, changes, cut, fill, format }) => {
    const picture = SEEDS[seed % SEEDS.length] ?? new Uint8Array(0);
    const at = fill.at % (picture.length + 1);
    const bytes = new Uint8Array(picture.length + fill.length).fill(fill.value);
    bytes.set(picture.subarray(0, at));
    bytes.set(picture.subarray(at), at + fill.length);
    for (const change of changes) bytes[change.at % bytes.length] = change.value;
    const shown = cut === null ? bytes : bytes.subarray(0, cut);
    sniffType(shown);
    const header = readImageHeader(shown);
    const sizes = header === null ? [] : [header.width, header.height, header.frames, header.orientation];
    if (!sizes.every((size) => Number.isInteger(size) && size >= 0)) throw new Error(`sizes ${sizes}`);
    if (header !== null && (header.orientation < 1 || header.orientation > 8)) throw new Error("no orientation");
    const asked = { width: 16, height: null };
    stripMetadata(shown, FORMATS[format] ?? "jpeg");
    verifyOutput(shown, { format: FORMATS[format] ?? "jpeg", size: null, asked, fit: null });
  });
});
