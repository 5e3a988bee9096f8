import { checkId } from "@prewarm/shared/image-id";
import { CSV_CASES } from "@prewarm/shared/testing/csv-cases";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { bytesOf, collect, plainNamer, reads } from "../../test/testing/text.ts";
import { checkItem } from "./item.ts";
import { readCsv } from "./read-csv.ts";
import { readLines } from "./read-lines.ts";
import { readNdjson } from "./read-ndjson.ts";
import { readText } from "./read-text.ts";

describe("readLines", () => {
  it.each([1, 2, 3, 1000])("gives the same lines when bytes come %i at a time", async (size) => {
    const lines = await collect(readLines(bytesOf("\uFEFFä\r\n\nlast", size)));
    expect(lines).toEqual([
      { number: 1, text: "ä" },
      { number: 2, text: "" },
      { number: 3, text: "last" },
    ]);
  });

  it("gives up one line that is too long, keeps its number, and goes on", async () => {
    const lines = await collect(readLines(bytesOf(`a\n${"x".repeat(1_100_000)}\nb\n`, 65_536)));
    expect(lines).toEqual([
      { number: 1, text: "a" },
      { number: 2, text: null },
      { number: 3, text: "b" },
    ]);
  });
});

describe("readText", () => {
  it("takes the same ids as the server", () => {
    const parts = fc.constantFrom("a", "-", "_", ".", "..", "/", "\\", " ", "\u0000", "日", "\uD83D", "x".repeat(400));
    fc.assert(
      fc.property(fc.array(parts, { maxLength: 8 }), (all) => {
        const id = all.join("");
        const said = (check: () => unknown) => {
          try {
            check();
            return null;
          } catch (error) {
            return error instanceof Error ? error.message : error;
          }
        };
        expect(said(() => checkItem({ id }))).toBe(said(() => checkId(id)));
      }),
      { examples: [[["x".repeat(400), "x".repeat(400)]]] },
    );
  });

  it("takes every line as it stands but empty ones, and loses none to a bad one", async () => {
    const text = "photo\n\nsummer/1\r\n /spaced\n../up\n# no comment\n";
    expect(await reads(readText(bytesOf(text), "ids.txt", plainNamer))).toEqual([
      { id: "photo" },
      { id: "summer/1" },
      { id: " /spaced" },
      ["ids.txt:5", expect.stringContaining("the segment . or ..")],
      { id: "# no comment" },
    ]);
  });
});

describe("readNdjson", () => {
  it("takes objects and strings", async () => {
    const lines = [
      '{"id":"a","v":"7","transforms":["w=800"],"presets":null}',
      '"b"',
      "  ",
      '{"id":"c","recipe":"social","sourceEtag":"x"}',
    ];
    expect(await reads(readNdjson(bytesOf(lines.join("\n")), "n", plainNamer))).toEqual([
      { id: "a", v: "7", transforms: ["w=800"] },
      { id: "b" },
      { id: "c", recipe: "social", sourceEtag: "x" },
    ]);
  });

  it("takes from an export of the ledger what is owed, and under what it was ordered", async () => {
    const lines = [
      '{"call":"PUT /api/v1/images/a/focal","body":{"focal":[0.3,0.2]}}',
      '{"id":"a","transforms":["w=800"],"lane":"upload","force":true,"run":"run_1","label":"spring"}',
      '{"end":2}',
    ];
    expect(await reads(readNdjson(bytesOf(lines.join("\n")), "n", plainNamer))).toEqual([
      { id: "a", transforms: ["w=800"], lane: "upload", force: true, run: "run_1", label: "spring" },
    ]);
  });

  it.each([
    ['{"id":"a","lane":"live"}', "lane: "],
    ['{"id":"a","run":"a b"}', "run: "],
    ['{"id":"a","force":"perhaps"}', "force: "],
    ["{", "it is no JSON"],
    ["[1]", "a line must be an object or a string"],
    ['{"id":1}', "id must be text"],
    ['{"v":"1"}', "one of id, url and key must be given"],
    ['{"id":"a","url":"https://x/y"}', "one of id, url and key must be given"],
    ['{"id":"a","transfroms":["w=1"]}', "“transfroms” is no field"],
    ['{"id":"a","__proto__":{"v":"1"}}', "“__proto__” is no field"],
    ['{"id":"a","presets":"card"}', "presets must be a list of texts"],
    ['{"id":"a","v":"no/slash"}', "v “no/slash” is not"],
  ])("says what is wrong with %s", async (line, reason) => {
    expect(await reads(readNdjson(bytesOf(`${line}\n"good"\n`), "n", plainNamer))).toEqual([
      ["n:1", expect.stringContaining(reason)],
      { id: "good" },
    ]);
  });
});

describe("readCsv", () => {
  it.each(CSV_CASES)("reads a file as the API reads a body: %s", async (_, csv, expected) => {
    const rows = expected.map((row) => (Array.isArray(row) ? [`c:${row[0]}`, row[1]] : row));
    expect(await reads(readCsv(bytesOf(csv, 65_536), "c", plainNamer))).toEqual(rows);
  });

  it("reads columns in any order, quotes, and lists separated by spaces", async () => {
    const csv = '\uFEFFtransforms,id,v\n"w=400&f=webp w=800",photo,\n,"a, ""b""",7\n';
    expect(await reads(readCsv(bytesOf(csv), "c", plainNamer))).toEqual([
      { id: "photo", transforms: ["w=400&f=webp", "w=800"] },
      { id: 'a, "b"', v: "7" },
    ]);
  });

  it("tells a bad row by its line and goes on", async () => {
    expect(await reads(readCsv(bytesOf("id,v\na,1\nb,2,3\n,4\nc,\n"), "c", plainNamer))).toEqual([
      { id: "a", v: "1" },
      ["c:3", "it has 3 cells, the header has 2"],
      ["c:4", "one of id, url and key must be given"],
      { id: "c" },
    ]);
  });

  it.each([
    ["id,resipe\na,b\n", "Did you mean recipe?"],
    ["id,id\na,b\n", "stands twice"],
    ["photo-1\nphoto-2\n", "is not a column"],
    ['id\n"never closed\n', "is no CSV"],
  ])("refuses %j as a whole", async (csv, reason) => {
    await expect(collect(readCsv(bytesOf(csv), "c", plainNamer))).rejects.toThrow(reason);
  });
});
