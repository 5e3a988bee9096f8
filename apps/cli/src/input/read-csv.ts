import { readCsv as readRows } from "@prewarm/shared/csv";
import { nearest } from "@prewarm/shared/nearest";
import { usageError } from "../platform/exit-codes.ts";
import { FIELDS, itemFromFields, type Namer, type Read } from "./item.ts";
import { decode } from "./read-lines.ts";
import { readOne } from "./read-text.ts";

/**
 * CSV with a header of an item's fields, in any order; several presets or transforms in one cell are separated by spaces.
 * Throws a usage error for a header that is none of ours, and for a quote that swallows the rest of the file; a bad row is only a bad row.
 */
export async function* readCsv(bytes: AsyncIterable<Uint8Array>, name: string, namer: Namer): AsyncGenerator<Read> {
  for await (const row of readRows(decode(bytes), (names) => checkHeader(names, name))) {
    const place = `${name}:${row.line}`;
    if ("cells" in row) yield readOne(place, () => itemFromFields(row.cells, namer));
    else if (row.isUnclosed) throw usageError(`${name} is no CSV: line ${row.line}: ${row.fault}.`);
    else yield { kind: "bad", place, reason: row.fault };
  }
}

function checkHeader(header: readonly string[], name: string): void {
  if (header.length === 0) throw usageError(`${name} is no CSV: its header is amiss.`);
  const stray = header.find((cell, index) => !FIELDS.includes(cell) || header.indexOf(cell) !== index);
  if (stray === undefined) return;
  const near = nearest(stray, FIELDS);
  const hint = near === undefined || near === stray ? "" : ` Did you mean ${near}?`;
  throw usageError(
    `${name}: “${stray}” is not a column, or stands twice.${hint}`,
    `The columns are ${FIELDS.join(", ")}.`,
  );
}
