import { describe, expect, it } from "vitest";
import { setup } from "./testing/setup.ts";

const KEY = "a/400-high.webp";
const publicUrl = "https://prewarm.example.com";
const ADDRESS = `${publicUrl}/ittybit/${"A".repeat(43)}`;

/** A granted job, whose owner has left before it was answered, as an evicted ledger hands it out again. */
function again(change: (world: ReturnType<typeof setup>) => void) {
  const world = setup({ ittybit: { webhooks: "wake", publicUrl } });
  const go = world.granted("o", KEY);
  expect(go.hook).toBe(ADDRESS);
  world.settle("o", go, { kind: "unclear", failure: { code: "upstream_unreachable", message: "no answer" } });
  change(world);
  world.clock.advance(3_600);
  const said = { role: "work" as const, room: 10, have: [], asks: [], submitted: [], settled: [], leave: false };
  const answer = world.evict().exchange({ owner: "later", first: true, ...said });
  const [given] = answer.status === "ok" ? answer.give : [];
  expect(given).toMatchObject({ phase: "go", gen: go.gen, first: false });
  return given?.hook;
}

describe("the address that a job is told to call", () => {
  it("stays its generation's, so that a repeated POST has the same body: also when Ittybit refuses others meanwhile", () => {
    const refuse = ({ granted, settle }: ReturnType<typeof setup>) =>
      settle("p", granted("p", "b/400-high.webp"), { kind: "unhooked", message: "unknown field webhook_url" });
    expect(again(refuse)).toBe(ADDRESS);
  });
});
