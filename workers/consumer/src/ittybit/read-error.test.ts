import { describe, expect, it } from "vitest";
import { readError } from "./read-error.ts";

describe("readError", () => {
  it.each([
    ['{"kind":"invalid_input","message":"no"}', { kind: "invalid_input", message: "no" }],
    ['{"message":"no"}', { kind: null, message: "no" }],
    ['{"meta":{},"data":null,"error":{"message":"no"},"links":{}}', { kind: null, message: "no" }],
    ['{"error":{"kind":"k","message":"no"}}', { kind: "k", message: "no" }],
    ['{"error":"no"}', { kind: null, message: "no" }],
    ["<html>502 Bad Gateway</html>", { kind: null, message: "HTTP 502" }],
    ["", { kind: null, message: "HTTP 502" }],
    ["[]", { kind: null, message: "HTTP 502" }],
  ])("reads %s", (text, expected) => {
    expect(readError(502, text)).toEqual(expected);
  });
});

/** A status that says nothing by itself, so that what is shown comes from the body. */
const SHAPES: [string, unknown, string | null, string][] = [
  ["{kind, message}", { kind: "invalid_input", message: "m" }, "invalid_input", "m"],
  ["{message}", { message: "m" }, null, "m"],
  ["an envelope", { meta: {}, data: null, error: { message: "m" }, links: {} }, null, "m"],
  ["{error: {kind, message}}", { error: { kind: "k", message: "m" } }, "k", "m"],
  ["{error: {code, message}}", { error: { code: "c", message: "m" } }, "c", "m"],
  ["{error: text}", { error: "m" }, null, "m"],
  ["{errors: [{message}]}", { errors: [{ message: "m" }, { message: "n" }] }, null, "m"],
  ["{errors: [text]}", { errors: ["m"] }, null, "m"],
  ["a problem document", { type: "about:blank", title: "Bad Request", status: 400, detail: "m" }, "about:blank", "m"],
  ["{kind} alone", { kind: "token_invalid" }, "token_invalid", "token_invalid"],
  ["{code: number, reason}", { code: 7, reason: "m" }, "7", "m"],
  ["{statusText}", { statusText: "no" }, null, "HTTP 400"],
];

it.each(SHAPES)("an error's shape: %s", (_name, body, kind, message) => {
  expect(readError(400, JSON.stringify(body))).toEqual({ kind, message });
});
