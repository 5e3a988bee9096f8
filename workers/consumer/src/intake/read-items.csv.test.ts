import { CSV_CASES } from "@prewarm/shared/testing/csv-cases";
import { expect, it } from "vitest";
import { readWarmBody } from "./read-items.ts";

async function read(body: string) {
  const request = new Request("https://x/", { method: "POST", headers: { "Content-Type": "text/csv" }, body });
  const items = [];
  for await (const item of (await readWarmBody(request)).items) items.push(item);
  return items;
}

it.each(CSV_CASES)("a CSV body is read as everywhere: %s", async (_, csv, expected) => {
  expect(await read(csv)).toEqual(
    expected.map((row) => (Array.isArray(row) ? { fault: `Line ${row[0]}: ${row[1]}.` } : { value: row })),
  );
});

it("a quote that is never closed costs its record only what it swallows", async () => {
  expect(await read('id\na\n"open\nb\n')).toEqual([
    { value: { id: "a" } },
    { fault: "Line 3: its quote is never closed." },
  ]);
});

it.each(["", "\n\n", '"id"x\na\n', "v\n1\n", "id,id\na,b\n"])(
  "a CSV body without a header of ours is refused: %j",
  async (csv) => {
    await expect(read(csv)).rejects.toMatchObject({ code: "body_invalid" });
  },
);
