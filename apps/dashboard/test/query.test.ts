import { QUALIFIERS } from "@prewarm/shared/job-search";
import { describe, expect, it } from "vitest";
import { suggestions, unknownQualifiers } from "../src/lib/query.ts";

describe("suggestions", () => {
  it.each([
    ["", QUALIFIERS.map((one) => `${one}:`)],
    ["id:x for", ["id:x format:"]],
    ["format:a", ["format:avif"]],
    ["lane:bulk", []],
    ["state:d", ["state:dead"]],
    ["error:x", []],
  ])("completes %j", (text, expected) => expect(suggestions(text)).toEqual(expected));
});

it("names words that look like qualifiers and are none", () => {
  expect(unknownQualifiers("colour:red id:x state:dead http://")).toEqual(["colour"]);
});
