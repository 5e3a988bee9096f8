import { pipeline, Readable } from "node:stream";
import { nearest } from "@prewarm/shared/nearest";
import { CsvError, parse } from "csv-parse";
import { usageError } from "../platform/exit-codes.ts";
import { FIELDS, itemFromFields, type Namer, type Read } from "./item.ts";
import { readOne } from "./read-text.ts";

const LISTS = ["presets", "transforms"];

/** A quote that never closes would swallow the rest of the file, in characters. */
const RECORD_MAX = 1_000_000;

/** What csv-parse gives with `info: true`. */
interface Row {
  info: { lines: number };
  record: string[];
}

/**
 * CSV with a header of an item's fields, in any order; several presets or transforms in one cell are separated by spaces.
 * Throws a usage error for a header that is none of ours; a bad row is only a bad row.
 */
export async function* readCsv(bytes: AsyncIterable<Uint8Array>, name: string, namer: Namer): AsyncGenerator<Read> {
  let header: string[] | null = null;
  for await (const { info, record } of readRows(bytes, name)) {
    if (header === null) {
      header = checkHeader(record, name);
      continue;
    }
    const columns = header;
    yield readOne(`${name}:${info.lines}`, () => itemFromFields(toFields(columns, record), namer));
  }
}

async function* readRows(bytes: AsyncIterable<Uint8Array>, name: string): AsyncGenerator<Row> {
  const options = { bom: true, info: true, relax_column_count: true, relax_quotes: true, skip_empty_lines: true };
  const parser = parse({ ...options, max_record_size: RECORD_MAX });
  // The callback must be there; a failure reaches us through the parser, which `pipeline` destroys with it.
  pipeline(Readable.from(bytes), parser, () => {});
  try {
    yield* parser as AsyncIterable<Row>;
  } catch (error) {
    if (error instanceof CsvError) throw usageError(`${name} is no CSV: ${error.message}`);
    throw error;
  }
}

function checkHeader(record: readonly string[], name: string): string[] {
  const header = record.map((cell) => cell.trim());
  const stray = header.find((cell, index) => !FIELDS.includes(cell) || header.indexOf(cell) !== index);
  if (stray === undefined) return header;
  const near = nearest(stray, FIELDS);
  const hint = near === undefined || near === stray ? "" : ` Did you mean ${near}?`;
  throw usageError(
    `${name}: “${stray}” is not a column, or stands twice.${hint}`,
    `The columns are ${FIELDS.join(", ")}.`,
  );
}

function toFields(header: readonly string[], record: readonly string[]): Record<string, unknown> {
  if (record.length > header.length) throw new Error(`it has ${record.length} cells, the header has ${header.length}`);
  return Object.fromEntries(
    record.map((cell, index) => {
      const column = header[index] ?? "";
      return [column, LISTS.includes(column) ? cell.split(/\s+/).filter((word) => word !== "") : cell];
    }),
  );
}
