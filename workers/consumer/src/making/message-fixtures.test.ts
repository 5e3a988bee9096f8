import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { MESSAGE_VERSION, missMessage } from "@prewarm/shared/messages";
import { describe, expect, it } from "vitest";
import { batchWorld, message } from "../testing/batch-world.ts";

const FIXTURES = join(import.meta.dirname, "../../test/fixtures/messages");
const names = readdirSync(FIXTURES);

// What lies in a queue outlives deployments: every message ever written must be handled by today's code.
describe("messages of every version", () => {
  it("have fixtures, from the first version to today's", () => {
    const versions = new Set(names.map((name) => Number(/^v(\d+)-/.exec(name)?.[1])));
    expect([...versions].toSorted()).toEqual(Array.from({ length: MESSAGE_VERSION }, (_, at) => at + 1));
  });

  it.each(names)("%s wakes its keys", async (name) => {
    const { consume, ledger } = batchWorld();
    const body: unknown = JSON.parse(readFileSync(join(FIXTURES, name), "utf8"));
    ledger.fallback = () => ({ do: "done" });
    const one = message(body);
    await consume([one]);
    expect(one.fate).toBe("ack");
    expect(ledger.dead).toEqual([]);
    expect(ledger.claimed.flat().flatMap(({ keys }) => keys)).toEqual((body as { keys: string[] }).keys);
  });

  it("are what the edge writes today", () => {
    const written = JSON.parse(readFileSync(join(FIXTURES, `v${MESSAGE_VERSION}-live.json`), "utf8"));
    expect(missMessage("photo-abc123/800-high.webp", 1_800_000_000_000)).toEqual(written);
  });
});
