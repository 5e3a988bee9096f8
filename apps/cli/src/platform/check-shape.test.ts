import { describe, expect, it } from "vitest";
import { findMisfit, shapeOf } from "./check-shape.ts";

interface Page {
  runs: { id: string; done: number | null; open: boolean }[];
  label?: string | null;
}

const PAGE = shapeOf<Page>({ runs: [{ id: "text", "done|null": "number", open: "flag" }], "label?": "text" });
const run = { id: "a", done: 1, open: true };

describe("findMisfit", () => {
  it.each([
    [{ runs: [] }],
    [{ runs: [run, { ...run, done: null }], label: null }],
    [{ runs: [{ ...run, more: 1 }], label: "x" }],
  ])("finds nothing wrong with %j", (value) => expect(findMisfit(value, PAGE, "the page")).toBeNull());

  it.each([
    [null, "the page is no object"],
    [[], "the page is no object"],
    ["<h1>", "the page is no object"],
    [{}, "the page.runs is no list"],
    [{ runs: [run, 7] }, "the page.runs[1] is no object"],
    [{ runs: [{ ...run, id: 7 }] }, "the page.runs[0].id is no text"],
    [{ runs: [{ ...run, done: undefined }] }, "the page.runs[0].done is no number"],
    [{ runs: [{ ...run, open: "yes" }] }, "the page.runs[0].open is neither true nor false"],
    [{ runs: [], label: 7 }, "the page.label is no text"],
  ])("says of %j what is wrong", (value, misfit) => expect(findMisfit(value, PAGE, "the page")).toBe(misfit));
});
