import { expect, it } from "vitest";
import { nodeSql } from "../../src/ledger/testing/node-sql.ts";
import { testConfig } from "../../src/ledger/testing/setup-config.ts";
import { testEngine } from "../../src/ledger/testing/test-engine.ts";
import { createFakeClock } from "../../src/testing/fake-clock.ts";

const KEY = "a/400-high.webp";

it("makes anew what was stored from an original that was replaced while its handler was at work", () => {
  const clock = createFakeClock();
  const { engine } = testEngine(nodeSql(), { config: testConfig(), clock });
  const accept = (id: string, told: { order: string | null; sourceEtag: string | null }) =>
    engine.acceptChunk({
      run: { run: "uploads", label: null, lane: "upload" },
      delivery: { id, chunk: 0, hash: "h" },
      images: [{ id: "a", keys: [KEY], ...told }],
      ...{ force: false, backlogMax: 1_000 },
    });

  accept("d1", { order: null, sourceEtag: null });
  const first = engine.claim("o1", [{ keys: [KEY], live: false, at: clock.now() }]).claims[KEY];
  if (first?.do !== "run") throw new Error(`not run but ${first?.do}`);
  engine.submitted("o1", [{ key: KEY, gen: first.gen, ittybitJob: "job_1", input: "https://cdn.example.com/a" }]);

  accept("d2", { order: "2", sourceEtag: '"2"' });
  engine.settle("o1", { [KEY]: { kind: "stored", gen: first.gen, bytes: 1, etag: "x", tookMs: 1 } });
  expect(engine.lookUp([KEY])).toEqual({ [KEY]: "queued" });

  const second = engine.claim("o2", [{ keys: [KEY], live: false, at: clock.now() }]).claims[KEY];
  expect(second).toMatchObject({ do: "run", granted: "first" });
  if (second?.do !== "run") return;
  expect(second.gen, "the old object counts no more").toBeGreaterThan(first.gen);
  expect(second.floor).toBeGreaterThan(first.gen);
});
