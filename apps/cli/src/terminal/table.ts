import { stripVTControlCharacters } from "node:util";

/** Aligned columns, two spaces apart; the last column runs free. */
export function formatTable(rows: readonly (readonly string[])[]): string[] {
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

/** Text from elsewhere on its way to a terminal: control characters would move the cursor or worse. */
export function printable(text: string): string {
  return text.replace(/\p{Cc}/gu, (letter) => `\\x${letter.charCodeAt(0).toString(16).padStart(2, "0")}`);
}
