import type { Variant } from "@prewarm/control-schema/images";
import { transformWords } from "./transform-words.ts";

/** What stands at a width or crop in a format. */
export interface Cell {
  transform: string;
  /** Null: a recipe wants it, and neither R2 nor the ledger knows of it. */
  variant: Variant | null;
}

/** Neighbours of one format that say the same: `cells` empty, nothing is known there, and a view would order it. */
export interface Block {
  /** Column of the first, from 0. */
  from: number;
  span: number;
  cells: readonly Cell[];
}

export interface Sheet {
  columns: readonly string[];
  rows: readonly { format: string; blocks: readonly Block[] }[];
}

/** So many neighbours without a picture are one block. */
const FOLDED_FROM = 3;

/**
 * The variants of a version by width and format (`scaled`), and those that are cropped or of another quality (`other`).
 * `missing`: transforms that a recipe wants and nobody has made.
 */
export function matrixOf(variants: readonly Variant[], missing: readonly string[]): Record<"scaled" | "other", Sheet> {
  const known = new Set(variants.map(({ transform }) => transform));
  const cells: Cell[] = [
    ...variants.map((variant) => ({ transform: variant.transform, variant })),
    ...missing.filter((transform) => !known.has(transform)).map((transform) => ({ transform, variant: null })),
  ];
  const quality = commonest(cells.map(({ transform }) => optionsOf(transform).get("q")));
  const isScaled = ({ transform }: Cell) => {
    const options = optionsOf(transform);
    return (
      options.get("q") === quality && widthOf(transform) > 0 && !["h", "p", "fit"].some((name) => options.has(name))
    );
  };
  const byWidth = (a: Cell, b: Cell) => widthOf(a.transform) - widthOf(b.transform);
  return {
    scaled: sheetOf(cells.filter(isScaled).sort(byWidth), ({ transform }) => `${widthOf(transform)} px`),
    other: sheetOf(cells.filter((cell) => !isScaled(cell)).sort(byWidth), ({ transform }) =>
      wordsOf(transform, quality),
    ),
  };
}

/** The step of the scale of colours, 1 to 6, by bytes against the original; each step is twice the one before. */
export function stepOf(bytes: number, original: number): number {
  const limits = [0.005, 0.01, 0.02, 0.04, 0.08];
  return 1 + limits.filter((limit) => bytes > original * limit).length;
}

/** The width that a transform asks for, px; 0: none. */
export function widthOf(transform: string): number {
  return Number(optionsOf(transform).get("w") ?? 0);
}

export function formatOf(transform: string): string {
  return optionsOf(transform).get("f") ?? "";
}

function optionsOf(transform: string): URLSearchParams {
  return new URLSearchParams(transform);
}

function commonest(all: readonly (string | null)[]): string | null {
  const counts = [...Map.groupBy(all, (one) => one)].sort(([, a], [, b]) => b.length - a.length);
  return counts[0]?.[0] ?? null;
}

/** A crop without its format and without the quality of most: `160 × 160 px`. */
function wordsOf(transform: string, quality: string | null): string {
  const usual = new Set([formatOf(transform), quality]);
  return transformWords(transform)
    .split(" · ")
    .filter((word) => !usual.has(word))
    .join(" · ");
}

function sheetOf(cells: readonly Cell[], name: (cell: Cell) => string): Sheet {
  const columns = [...new Set(cells.map(name))];
  const rows = [...Map.groupBy(cells, ({ transform }) => formatOf(transform))].sort(([a], [b]) => a.localeCompare(b));
  return {
    columns,
    rows: rows.map(([format, some]) => {
      const at = new Map(some.map((cell) => [name(cell), cell]));
      return { format, blocks: blocksOf(columns.map((column) => at.get(column) ?? null)) };
    }),
  };
}

/** What neighbours have in common that are one block; a stored variant has a block of its own. */
function kindOf(cell: Cell | null): string | null {
  if (cell === null) return "nothing";
  if (cell.variant === null) return "missing";
  return cell.variant.state === "queued" && cell.variant.bytes === null ? "queued" : null;
}

function blocksOf(cells: readonly (Cell | null)[]): Block[] {
  const blocks: Block[] = [];
  for (let from = 0; from < cells.length; ) {
    const kind = kindOf(cells[from] ?? null);
    let end = from + 1;
    while (kind !== null && end < cells.length && kindOf(cells[end] ?? null) === kind) end += 1;
    const span = kind === "nothing" || end - from >= FOLDED_FROM ? end - from : 1;
    blocks.push({ from, span, cells: cells.slice(from, from + span).filter((cell) => cell !== null) });
    from += span;
  }
  return blocks;
}
