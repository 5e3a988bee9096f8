import { stripVTControlCharacters } from "node:util";
import { printable } from "@prewarm/shared/printable";

/** Aligned columns of text from anywhere, two spaces apart; the last column runs free. Cells are measured as they are printed. */
export function formatTable(rows: readonly (readonly string[])[]): string[] {
  return alignColumns(rows.map((row) => row.map(printable)));
}

/** The same for texts of our own, which may have colours. */
export function alignColumns(rows: readonly (readonly string[])[]): string[] {
  const width = (column: number): number => Math.max(...rows.map((row) => visible(row[column] ?? "").length));
  const widths = (rows[0] ?? []).map((_, column) => width(column));
  return rows.map((row) =>
    row
      .map((cell, column) =>
        column === row.length - 1 ? cell : cell + " ".repeat((widths[column] ?? 0) - visible(cell).length),
      )
      .join("  ")
      .trimEnd(),
  );
}

function visible(text: string): string {
  return stripVTControlCharacters(text);
}
