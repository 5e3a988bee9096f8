import { expect, it } from "vitest";
import { deadMessage } from "./queue-message.ts";

const message = (body: unknown) => ({
  id: "m1",
  timestamp: new Date(5),
  body,
  attempts: 2,
  ack: () => undefined,
  retry: () => undefined,
});

it("a dead message is recorded with its body as JSON, and one that is nested without end without it", () => {
  const recorded = (body: unknown) => deadMessage("q", message(body), "unreadable");
  expect(recorded({ v: 9 })).toEqual({
    queue: "q",
    id: "m1",
    body: '{"v":9}',
    reason: "unreadable",
    at: 5,
  });
  const deep: unknown = JSON.parse(`${'{"a":'.repeat(100_000)}1${"}".repeat(100_000)}`);
  expect(recorded(deep)).toMatchObject({ queue: "q", body: "[object Object]", reason: "unreadable" });
});

it("a dead message of any length is recorded in 20,000 characters", () => {
  expect(deadMessage("q", message("x".repeat(100_000)), "unreadable").body).toHaveLength(20_000);
});
