import type { Variant } from "@prewarm/control-schema/images";
import { expect, it } from "vitest";
import { matrixOf, type Sheet, stepOf } from "../src/lib/matrix.ts";

const variant = (transform: string, state: Variant["state"] = "stored") =>
  ({ transform, state, bytes: state === "stored" ? 1 : null }) as Variant;

/** Each row as its blocks: where it begins, over how many columns, and how many cells it has. */
const blocks = ({ rows }: Sheet) =>
  rows.map(({ format, blocks }) => [format, ...blocks.map((one) => [one.from, one.span, one.cells.length])]);

it("puts widths beside formats, folds neighbours that say the same, and keeps crops and other qualities apart", () => {
  const variants = [
    ...[1440, 320, 640].map((w) => variant(`w=${w}&q=high&f=avif`)),
    variant("w=640&q=high&f=webp"),
    variant("w=640&q=low&f=webp"),
    variant("w=160&h=160&fit=cover&q=high&f=webp"),
    ...[320, 640, 1440].map((w) => variant(`w=${w}&q=high&f=png`, "queued")),
  ];
  const missing = ["w=320&q=high&f=jpeg", "w=640&q=high&f=jpeg", "w=640&q=high&f=webp"];
  const { scaled, other } = matrixOf(variants, missing);
  expect(scaled.columns).toEqual(["320 px", "640 px", "1440 px"]);
  expect(blocks(scaled)).toEqual([
    ["avif", [0, 1, 1], [1, 1, 1], [2, 1, 1]],
    // Two that nobody has made stay apart, and beyond them nothing is known.
    ["jpeg", [0, 1, 1], [1, 1, 1], [2, 1, 0]],
    ["png", [0, 3, 3]],
    ["webp", [0, 1, 0], [1, 1, 1], [2, 1, 0]],
  ]);
  expect([other.columns, blocks(other)]).toEqual([["160 × 160 px", "640 px · low"], [["webp", [0, 1, 1], [1, 1, 1]]]]);
});

it("has a step for each doubling of the share of the original", () => {
  expect([0, 5, 6, 20, 40, 80, 81, 2_000].map((bytes) => stepOf(bytes, 1_000))).toEqual([1, 1, 2, 3, 4, 5, 6, 6]);
});
