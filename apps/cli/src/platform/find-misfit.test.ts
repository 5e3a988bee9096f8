import { describe, expect, it } from "vitest";
import * as z from "zod";
import { findMisfit } from "./find-misfit.ts";

const PAGE = z.object({
  runs: z.array(
    z.object({ id: z.string(), done: z.int().min(0).nullable(), open: z.boolean(), state: z.enum(["a", "b"]) }),
  ),
  label: z.string().nullish(),
  rate: z.union([z.number(), z.literal("auto")]).optional(),
});
const run = { id: "a", done: 1, open: true, state: "a" };

describe("findMisfit", () => {
  it.each([
    [{ runs: [] }],
    [{ runs: [run, { ...run, done: null }], label: null, rate: 7 }],
    [{ runs: [{ ...run, more: 1 }], label: "x", rate: "auto" }],
    // Of a newer server.
    [{ runs: [{ ...run, state: "c" }], rate: "slow" }],
    [{ runs: [{ ...run, done: 1.5 }] }],
    [{ runs: [{ ...run, done: -1 }] }],
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
    [{ runs: [{ ...run, state: null }] }, "the page.runs[0].state is no text"],
    [{ runs: [], label: 7 }, "the page.label is no text"],
    [{ runs: [], rate: {} }, "the page.rate is no number"],
  ])("says of %j what is wrong", (value, misfit) => expect(findMisfit(value, PAGE, "the page")).toBe(misfit));
});
