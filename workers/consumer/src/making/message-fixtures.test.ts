import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { MESSAGE_VERSION, missMessage, WORK_MESSAGE } from "@prewarm/shared/messages";
import { describe, expect, it } from "vitest";
import { batchWorld, message } from "./testing/batch-world.ts";

const FIXTURES = join(import.meta.dirname, "../../test/fixtures/messages");
const names = readdirSync(FIXTURES);

// What lies in a queue outlives deployments: every message ever written must be handled by today's code.
describe("messages of every version", () => {
  it("have fixtures, from the first version to today's", () => {
    const versions = new Set(names.map((name) => Number(/^v(\d+)-/.exec(name)?.[1])));
    expect([...versions].toSorted()).toEqual(Array.from({ length: MESSAGE_VERSION }, (_, at) => at + 1));
  });

  it.each(names)("%s wakes a handler", async (name) => {
    const { consume, ledger } = batchWorld();
    const body: unknown = JSON.parse(readFileSync(join(FIXTURES, name), "utf8"));
    const role = name.includes("live") ? "urgent" : "work";
    const one = message(body);
    await consume([one], role);
    expect(one.fate).toBe("ack");
    expect(ledger.dead).toEqual([]);
    expect(ledger.requests[0]).toMatchObject({ role, first: true });
    const { keys, at } = body as { keys?: string[]; at?: number };
    expect(ledger.requests[0]?.asks).toEqual((keys ?? []).map((key) => ({ key, at })));
  });

  it("are what the edge and the ledger write today", () => {
    const written = (name: string): unknown => JSON.parse(readFileSync(join(FIXTURES, name), "utf8"));
    expect(missMessage("photo-abc123/800-high.webp", 1_800_000_000_000)).toEqual(written("v1-live.json"));
    expect(WORK_MESSAGE).toEqual(written("v1-work.json"));
  });
});
