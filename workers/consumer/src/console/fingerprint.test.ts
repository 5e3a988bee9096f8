import { FORMATS } from "@prewarm/shared/config";
import { expect, it } from "vitest";
import { fingerprint } from "./fingerprint.ts";

it("is one for one fault, whatever format was asked for", () => {
  const spellings = [...FORMATS, "jpg"];
  const prints = spellings.map((format) => fingerprint("output_invalid", `it is html, not ${format}`));
  expect(new Set(prints).size).toBe(1);
  expect(fingerprint("output_invalid", "it is html, not whole")).not.toBe(prints[0]);
});
