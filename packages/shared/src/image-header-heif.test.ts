import { describe, expect, it } from "vitest";
import { readImageHeader } from "./image-header.ts";

function box(name: string, ...payload: (number[] | Uint8Array)[]): Uint8Array {
  const body = payload.flatMap((part) => [...part]);
  const bytes = new Uint8Array(8 + body.length);
  new DataView(bytes.buffer).setUint32(0, bytes.length);
  bytes.set(
    [...name].map((letter) => letter.charCodeAt(0)),
    4,
  );
  bytes.set(body, 8);
  return bytes;
}

const u16 = (value: number): number[] => [value >> 8, value & 255];
const u32 = (value: number): number[] => [...u16(value >>> 16), ...u16(value & 0xffff)];
const letters = (text: string): number[] => [...text].map((letter) => letter.charCodeAt(0));
const ispe = (width: number, height: number): Uint8Array => box("ispe", u32(0), u32(width), u32(height));

interface Shape {
  brand: string;
  compatible?: string[];
  properties: Uint8Array[];
  /** Properties of the primary item, by index from 1. */
  primary: number[];
  /** Sixteen-bit indexes and 32-bit ids. */
  wide?: boolean;
}

/** Item 1 is a thumbnail with property 1; item 2 is the primary one. */
function heif({ brand, compatible = ["mif1"], properties, primary, wide = false }: Shape): Uint8Array {
  const id = wide ? u32 : u16;
  const index = (value: number): number[] => (wide ? u16(value | 0x8000) : [value | 0x80]);
  const entry = (item: number, indexes: number[]): number[] => [...id(item), indexes.length, ...indexes.flatMap(index)];
  const ipma = box("ipma", [wide ? 1 : 0, 0, 0, wide ? 1 : 0], u32(2), entry(1, [1]), entry(2, primary));
  const pitm = box("pitm", [wide ? 1 : 0, 0, 0, 0], id(2));
  const meta = box("meta", u32(0), box("hdlr", u32(0)), pitm, box("iprp", box("ipco", ...properties), ipma));
  const ftyp = box("ftyp", letters(brand), u32(0), letters(compatible.join("")));
  return new Uint8Array([...ftyp, ...meta, ...box("mdat", [1, 2, 3])]);
}

const thumbnail = ispe(160, 120);

describe("readImageHeader on AVIF and HEIC", () => {
  it.each([false, true])("takes the primary item's size, not the thumbnail's (wide ids: %s)", (wide) => {
    const bytes = heif({ brand: "heic", properties: [thumbnail, ispe(4032, 3024)], primary: [2], wide });
    expect(readImageHeader(bytes)).toEqual({
      type: "heic",
      width: 4032,
      height: 3024,
      frames: 1,
      orientation: 1,
      settled: true,
    });
  });

  // irot turns anticlockwise by quarters; imir 1 swaps left and right, 0 top and bottom.
  it.each([
    ["no turn", [], 1],
    ["a quarter turn anticlockwise", [box("irot", [1])], 8],
    ["half a turn", [box("irot", [2])], 3],
    ["a quarter turn clockwise", [box("irot", [3])], 6],
    ["left for right", [box("imir", [1])], 2],
    ["top for bottom", [box("imir", [0])], 4],
    ["a quarter turn clockwise, then left for right", [box("irot", [3]), box("imir", [1])], 5],
    ["left for right, then a quarter turn clockwise", [box("imir", [1]), box("irot", [3])], 7],
  ])("gives %s as an EXIF orientation", (_name, turns, orientation) => {
    const properties = [thumbnail, ispe(40, 30), ...turns];
    const primary = [2, ...turns.map((_, at) => at + 3)];
    expect(readImageHeader(heif({ brand: "heic", properties, primary }))).toMatchObject({ orientation });
  });

  it("takes an image sequence for an animation", () => {
    const bytes = heif({
      brand: "avis",
      compatible: ["avif", "mif1"],
      properties: [thumbnail, ispe(8, 8)],
      primary: [2],
    });
    expect(readImageHeader(bytes)).toMatchObject({ type: "avif", frames: 2 });
  });

  it("knows a sequence without a still as an animation of no known size", () => {
    const bytes = new Uint8Array([...box("ftyp", letters("avis"), u32(0), letters("avif")), ...box("moov", u32(0))]);
    expect(readImageHeader(bytes)).toMatchObject({ type: "avif", width: 0, frames: 2 });
  });

  it("asks for more while the properties are not there in full", () => {
    const bytes = heif({ brand: "heic", properties: [thumbnail, ispe(40, 30)], primary: [2] });
    expect(readImageHeader(bytes.subarray(0, bytes.length - 20))).toBeNull();
  });

  it("refuses a primary item without a size", () => {
    const bytes = heif({ brand: "heic", properties: [thumbnail, box("irot", [1])], primary: [2] });
    expect(readImageHeader(bytes)).toBeNull();
  });
});
