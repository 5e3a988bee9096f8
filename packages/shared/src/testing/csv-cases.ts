import { CSV_RECORD_MAX_CHARS } from "../csv.ts";

/** What a row becomes: its cells, or the line it begins on and its fault. */
type Expected = Record<string, string | string[]> | [line: number, fault: string];

const LONG = "x".repeat(CSV_RECORD_MAX_CHARS - 2);

/** The corners of CSV. The reader itself, the Worker's bodies and the command line's files are all held to them. */
export const CSV_CASES: [name: string, csv: string, rows: Expected[]][] = [
  ["columns in any order", "v,id\n7,a\n", [{ v: "7", id: "a" }]],
  ["no line end at the end", "id\na", [{ id: "a" }]],
  ["a byte-order mark", "\uFEFFid\na\n", [{ id: "a" }]],
  ["a byte-order mark before a quote", '\uFEFF"id"\na\n', [{ id: "a" }]],
  [
    "CRLF",
    "id,v\r\na,1\r\n\r\nb,2\r\n",
    [
      { id: "a", v: "1" },
      { id: "b", v: "2" },
    ],
  ],
  ["CR alone, as old files have it", "id\ra\rb", [{ id: "a" }, { id: "b" }]],
  ["line ends of several kinds", 'id\r\n"a"\nb\r\nc\n', [{ id: "a" }, { id: "b" }, { id: "c" }]],
  ["empty lines", "\n\nid\n\na\n\n\n", [{ id: "a" }]],
  ["commas and quotes in quotes", 'id,v\n"a, ""b""",1\n', [{ id: 'a, "b"', v: "1" }]],
  ["line ends in quotes", 'id,recipe\na,"one\r\ntwo\n"\nb,\n', [{ id: "a", recipe: "one\r\ntwo\n" }, { id: "b" }]],
  ["a quote within plain text", 'id\n6" disc\n', [{ id: '6" disc' }]],
  ["nothing but quotes", 'id,v\n"""",""\n', [{ id: '"' }]],
  ["spaces around plain cells and in quotes", 'id , v\n a ,\t1\n" b ",\n', [{ id: "a", v: "1" }, { id: " b " }]],
  ["empty cells", "id,v,presets\na,,\n", [{ id: "a" }]],
  [
    "lists in one cell",
    'id,presets,transforms\na,card  hero,"w=400&f=webp w=800"\n',
    [{ id: "a", presets: ["card", "hero"], transforms: ["w=400&f=webp", "w=800"] }],
  ],
  [
    "ragged records",
    "id,v\na\nb,1,2\nc,3\n",
    [[2, "it has 1 cells, the header has 2"], [3, "it has 3 cells, the header has 2"], { id: "c", v: "3" }],
  ],
  ["text after a closing quote", 'id,v\n"a"b"c,1\nd,2\n', [[2, "text follows a closing quote"], { id: "d", v: "2" }]],
  ["a record as long as may be", `id,recipe\na,${LONG}\n`, [{ id: "a", recipe: LONG }]],
  [
    "records that are too long",
    `id,recipe\na,x${LONG}\n"a","${LONG}"\nb,\n`,
    [[2, "it is longer than 65536 characters"], [3, "it is longer than 65536 characters"], { id: "b" }],
  ],
  [
    "the line of a record after one of several lines",
    'id,recipe\na,"1\n2\r\n3\r4"\nb\n',
    [{ id: "a", recipe: "1\n2\r\n3\r4" }, [6, "it has 1 cells, the header has 2"]],
  ],
  ["no record", "id\n", []],
];
