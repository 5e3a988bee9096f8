import { QUALIFIERS } from "@prewarm/shared/job-search";
import { describe, expect, it } from "vitest";
import { suggestions } from "../src/lib/query.ts";

describe("suggestions", () => {
  it.each([
    ["", QUALIFIERS.map((one) => `${one}:`)],
    ["id:x for", ["id:x format:"]],
    ["format:a", ["format:avif"]],
    ["lane:bulk", []],
    ["state:d", ["state:dead"]],
    ["error:x", []],
    ["age:<", ["age:<5m", "age:<1h"]],
    ["attempts:>", ["attempts:>0", "attempts:>3"]],
  ])("completes %j", (text, expected) => expect(suggestions(text)).toEqual(expected));
});
