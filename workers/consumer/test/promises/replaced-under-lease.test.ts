import { defineConfig } from "@prewarm/shared/config";
import { expect, it } from "vitest";
import { LedgerCore } from "../../src/ledger/ledger.ts";
import { nodeSql } from "../../src/ledger/testing/node-sql.ts";
import { createFakeClock } from "../../src/testing/fake-clock.ts";

const KEY = "a/400-high.webp";

it("makes anew what was stored from an original that was replaced while its handler was at work", () => {
  const clock = createFakeClock();
  const config = defineConfig({ sources: [{ prefix: "", url: "https://cdn.example.com/{id}" }] });
  const core = new LedgerCore(nodeSql(), { config, clock, ledgerId: "L1" });
  core.accept({ run: null, lane: "upload", keys: [KEY] });
  const first = core.claim("o1", [{ keys: [KEY], live: false, at: clock.now() }]).claims[KEY];
  if (first?.do !== "run") throw new Error(`not run but ${first?.do}`);
  core.submitted("o1", [{ key: KEY, gen: first.gen, job: "job_1", input: "https://cdn.example.com/a" }]);

  core.accept({ run: null, lane: "upload", keys: [KEY], originals: [{ id: "a", order: "2", sourceEtag: '"2"' }] });
  core.settle("o1", { [KEY]: { kind: "stored", gen: first.gen, bytes: 1, etag: "x", tookMs: 1 } });
  expect(core.job(KEY)?.state).toBe("queued");

  const second = core.claim("o2", [{ keys: [KEY], live: false, at: clock.now() }]).claims[KEY];
  expect(second).toMatchObject({ do: "run", granted: "first" });
  if (second?.do !== "run") return;
  expect(second.gen, "the old object counts no more").toBeGreaterThan(first.gen);
  expect(second.floor).toBeGreaterThan(first.gen);
});
