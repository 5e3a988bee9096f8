import { describe, expect, it } from "vitest";
import { CSV_RECORD_MAX_CHARS, type CsvRow, readCsv } from "./csv.ts";
import { CSV_CASES } from "./testing/csv-cases.ts";

async function* cut(text: string, size: number): AsyncGenerator<string> {
  for (let at = 0; at < text.length; at += size) yield text.slice(at, at + size);
}

async function read(text: string, size = text.length || 1, checkHeader: (names: readonly string[]) => void = () => {}) {
  const rows: CsvRow[] = [];
  for await (const row of readCsv(cut(text, size), checkHeader)) rows.push(row);
  return rows;
}

describe.each([1, 2, 7, 1_000_000])("in pieces of %i characters", (size) => {
  it.each(CSV_CASES)("reads %s", async (_, csv, expected) => {
    const rows = await read(csv, size);
    expect(rows.map((row) => ("cells" in row ? row.cells : [row.line, row.fault]))).toEqual(expected);
  });
});

describe("a header", () => {
  const headerOf = async (text: string): Promise<unknown[]> => {
    const headers: unknown[] = [];
    await read(text, 1, (names) => headers.push(names));
    return headers;
  };

  it("is the first record, its names trimmed", async () =>
    expect(await headerOf('\n id ," v "\na,b\n')).toEqual([["id", "v"]]));
  it("is without names where it is amiss", async () => expect(await headerOf('"id"x,v\na,b\n')).toEqual([[]]));
  it("is not asked for where there is nothing", async () => expect(await headerOf("\r\n\n")).toEqual([]));
});

it("says that a quote is never closed, and of which record", async () => {
  expect(await read('id,v\na,1\nb,"2\nc,3\n')).toEqual([
    { line: 2, cells: { id: "a", v: "1" } },
    { line: 3, fault: "its quote is never closed", isUnclosed: true },
  ]);
});

it("keeps nothing of a record that is too long, however long it is", async () => {
  async function* endless(): AsyncGenerator<string> {
    yield 'id\n"';
    for (let n = 0; n < 100; n += 1) yield "x,".repeat(CSV_RECORD_MAX_CHARS);
    yield '"\nb\n';
  }
  const rows: CsvRow[] = [];
  for await (const row of readCsv(endless(), () => {})) rows.push(row);
  expect(rows).toEqual([
    { line: 2, fault: "it is longer than 65536 characters", isUnclosed: false },
    { line: 3, cells: { id: "b" } },
  ]);
});
