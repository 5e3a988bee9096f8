import { expect, it } from "vitest";
import { dialectName } from "./dialect-name.ts";

const file = { url: "https://s/1" };

it.each<[body: unknown, name: string]>([
  [{ id: "job_1", status: "succeeded", output: "https://s/1" }, "the current reference"],
  [{ id: "job_1", status: "completed", output: file }, "the guides"],
  [{ id: "job_1", status: "completed", input: file, output: file }, "the SDKs of 2025"],
  [{ data: { id: "job_1", status: "completed", input: file, output: file } }, "the SDKs of 2025"],
  [{ id: "job_1", status: "succeeded", outputs: [file] }, "the pages of autumn 2025"],
  [
    { data: { id: "job_1", status: "succeeded", output: "https://s/1" } },
    "a mixture (“succeeded”; id, status, output)",
  ],
  [{ id: "job_1", status: "succeeded", output: file }, "a mixture (“succeeded”; id, status, output)"],
  ["<html>", "a dialect that was not seen"],
])("%j speaks as %s", (body, name) => {
  const exchange = {
    method: "GET",
    path: "/jobs/job_1",
    sent: null,
    status: 200,
    headers: new Headers(),
    ms: 1,
    fault: null,
  };
  expect(dialectName([{ ...exchange, body }], "job_1")).toBe(name);
});
