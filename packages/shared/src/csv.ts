/** Characters in one record; what is longer is refused before it is read, so that memory stays bounded whatever is sent. */
export const CSV_RECORD_MAX_CHARS = 65_536;

const TOO_LONG = `it is longer than ${CSV_RECORD_MAX_CHARS} characters`;

/** Columns that hold several values, separated by spaces. */
const LISTS: readonly string[] = ["presets", "transforms"];

/** A record under its header's names, or why there is none. */
export type CsvRow = {
  /** Line of the file on which it begins, from 1. */
  line: number;
} & (
  | { cells: Record<string, string | string[]> }
  | {
      /** In words: `it has 3 cells, the header has 2`. */
      fault: string;
      /** The quote that opens it is never closed, so that it holds the rest of the file. */
      isUnclosed: boolean;
    }
);

/**
 * Reads a CSV text that comes in pieces: the one rule for what the API is sent and for the command line's files. A record that is amiss
 * is a row with a fault and loses no other. Empty cells are left out, and so are empty lines.
 *
 * - Records end with LF, CRLF or CR; a byte-order mark is ignored.
 * - A cell that begins with a quote ends with one, and holds commas, line ends and doubled quotes as they stand. Any other cell is trimmed,
 *   and a quote within it stands for itself.
 * - Every record has as many cells as the header.
 *
 * `checkHeader` gets the header's names, trimmed; none where the header is amiss. What it throws ends the reading.
 */
export async function* readCsv(
  pieces: AsyncIterable<string>,
  checkHeader: (names: readonly string[]) => void,
): AsyncGenerator<CsvRow> {
  let header: readonly string[] | null = null;
  for await (const record of readRecords(pieces)) {
    const { line, fault, isUnclosed } = record;
    if (header === null) {
      header = fault === null ? record.cells.map((name) => name.trim()) : [];
      checkHeader(header);
    } else if (fault !== null) yield { line, fault, isUnclosed };
    else if (record.cells.length !== header.length) {
      const counts = `it has ${record.cells.length} cells, the header has ${header.length}`;
      yield { line, fault: counts, isUnclosed };
    } else yield { line, cells: underNames(header, record.cells) };
  }
}

function underNames(header: readonly string[], cells: readonly string[]): Record<string, string | string[]> {
  const named = header.map((name, index) => [name, cells[index] ?? ""] as const);
  const given = named.filter(([, cell]) => cell !== "");
  return Object.fromEntries(
    given.map(([name, cell]) => [name, LISTS.includes(name) ? cell.split(/\s+/).filter((word) => word !== "") : cell]),
  );
}

/** A record as it is being read. */
interface Reading {
  line: number;
  cells: string[];
  cell: string;
  /** `closed`: after a quote that may be the end of the cell or the first of two. */
  at: "start" | "plain" | "quoted" | "closed";
  size: number;
  fault: string | null;
}

/** A record without names: its cells, or a fault as in `CsvRow`. */
export type CsvRecord = Pick<Reading, "line" | "cells" | "fault"> & { isUnclosed: boolean };

/** The records of a CSV text without a header, by the rules of `readCsv`. */
export async function* readRecords(pieces: AsyncIterable<string>): AsyncGenerator<CsvRecord> {
  let line = 1;
  let reading = begin(line);
  let last = "\uFEFF";
  for await (const piece of pieces) {
    for (const char of piece) {
      const isEnd = char === "\n" || char === "\r";
      const isSecondHalf = char === "\n" && last === "\r";
      const isMark = char === "\uFEFF" && last === "\uFEFF";
      last = char;
      if (isMark) continue;
      if (isEnd && !isSecondHalf) line += 1;
      if (!isEnd || reading.at === "quoted") step(reading, char);
      else if (!isSecondHalf) {
        if (!isEmpty(reading)) yield finish(reading);
        reading = begin(line);
      }
    }
  }
  if (!isEmpty(reading)) yield finish(reading);
}

function begin(line: number): Reading {
  return { line, cells: [], cell: "", at: "start", size: 0, fault: null };
}

function isEmpty({ cells, at, fault }: Reading): boolean {
  return cells.length === 0 && at === "start" && fault === null;
}

function finish(reading: Reading): CsvRecord {
  const isUnclosed = reading.at === "quoted";
  if (isUnclosed) reading.fault = "its quote is never closed";
  endCell(reading);
  const { line, cells, fault } = reading;
  return { line, cells, fault, isUnclosed };
}

function step(reading: Reading, char: string): void {
  reading.size += char.length;
  if (reading.size > CSV_RECORD_MAX_CHARS) refuse(reading, TOO_LONG);
  if (reading.at === "quoted") {
    if (char === '"') reading.at = "closed";
    else add(reading, char);
  } else if (char === ",") endCell(reading);
  else if (char === '"' && reading.at !== "plain") {
    if (reading.at === "closed") add(reading, char);
    reading.at = "quoted";
  } else {
    if (reading.at === "closed") refuse(reading, "text follows a closing quote");
    reading.at = "plain";
    add(reading, char);
  }
}

function add(reading: Reading, char: string): void {
  if (reading.fault === null) reading.cell += char;
}

function endCell(reading: Reading): void {
  if (reading.fault === null) reading.cells.push(reading.at === "plain" ? reading.cell.trim() : reading.cell);
  reading.cell = "";
  reading.at = "start";
}

/** The first fault stands; what was read of the record is let go. */
function refuse(reading: Reading, fault: string): void {
  if (reading.fault !== null) return;
  reading.fault = fault;
  reading.cells = [];
  reading.cell = "";
}
