import { missMessage, WORK_MESSAGE } from "@prewarm/shared/messages";
import { describe, expect, it } from "vitest";
import { consumeDead } from "./dead-queue.ts";
import { batchWorld, message } from "./testing/batch-world.ts";

describe("consumeDead", () => {
  it("records each message with the reason that its body shows, then acks it", async () => {
    const { ledger } = batchWorld();
    const bodies = [missMessage("photo/400-high.webp", 1), WORK_MESSAGE, { v: 7, new: true }, "text", undefined];
    const messages = bodies.map((body) => message(body, 11));
    await consumeDead({ queue: "prewarm-dead", messages }, ledger, () => undefined);
    expect(messages.map(({ fate }) => fate)).toEqual(bodies.map(() => "ack"));
    expect(ledger.dead.map(({ reason }) => reason.split(":")[0])).toEqual([
      "undelivered",
      "undelivered",
      "newer",
      "unreadable",
      "unreadable",
    ]);
    expect(JSON.parse(ledger.dead[0]?.body ?? "")).toEqual(bodies[0]);
    expect(ledger.dead.every(({ queue }) => queue === "prewarm-dead")).toBe(true);
  });

  it("keeps a bounded part of a huge or circular body", async () => {
    const { ledger } = batchWorld();
    const circular: Record<string, unknown> = {};
    circular.self = circular;
    const messages = [message("x".repeat(100_000)), message(circular)];
    await consumeDead({ queue: "prewarm-dead", messages }, ledger, () => undefined);
    expect(ledger.dead.map(({ body }) => body.length)).toEqual([20_000, "[object Object]".length]);
  });

  it("brings them back when the ledger does not answer, and does not throw", async () => {
    const { ledger } = batchWorld();
    ledger.silent = () => true;
    const one = message("text", 2);
    await consumeDead({ queue: "prewarm-dead", messages: [one] }, ledger, () => undefined);
    expect(one.fate).toBe("retry 120");
  });
});
