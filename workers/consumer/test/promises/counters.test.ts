import { jobHash } from "@prewarm/shared/job";
import { expect, it } from "vitest";
import { nodeSql } from "../../src/ledger/testing/node-sql.ts";
import { testConfig } from "../../src/ledger/testing/setup-config.ts";
import { testEngine } from "../../src/ledger/testing/test-engine.ts";
import { createFakeClock } from "../../src/testing/fake-clock.ts";

it("counts what GROUP BY counts, through every way a row can go", async () => {
  const sql = nodeSql();
  const clock = createFakeClock();
  const { engine } = testEngine(sql, { config: testConfig(), clock });
  const keys = ["a", "b", "c", "d", "e", "f"].map((id) => `${id}/400-high.webp`);
  const [a = "", b = "", c = "", d = "", e = "", f = ""] = keys;

  function agree(what: string): void {
    const kept = sql.exec("SELECT state, lane, n FROM counters WHERE n <> 0 ORDER BY state, lane");
    const counted = sql.exec("SELECT state, lane, count(*) AS n FROM jobs GROUP BY state, lane ORDER BY state, lane");
    expect(kept, what).toEqual(counted);
  }

  let deliveries = 0;
  function accept(run: string, lane: "upload" | "bulk", asked: string[]): void {
    deliveries += 1;
    const images = asked.map((key) => ({ id: key.slice(0, 1), keys: [key], order: null, sourceEtag: null }));
    const delivery = { id: `d${deliveries}`, chunk: 0, hash: "h" };
    engine.acceptChunk({ run: { run, label: null, lane }, delivery, images, force: false, backlogMax: 1_000 });
  }

  accept("r", "bulk", keys);
  agree("accepted");
  accept("uploads", "upload", [a, b]);
  agree("joined in a higher lane");
  engine.claim("o1", [{ keys: [c], live: true, at: clock.now() }]);
  agree("raised by a viewer");
  engine.claim("o2", [{ keys: [a, b, d, e], live: false, at: clock.now() }]);
  agree("claimed");
  engine.settle("o2", {
    [a]: { kind: "present", bytes: 1, etag: "x", objectGen: 1, posted: false },
    [b]: { kind: "failed", class: "permanent", failure: { code: "x", message: "x" }, posted: true, ended: true },
    [d]: { kind: "unclear", failure: { code: "x", message: "x" } },
    [e]: { kind: "refused", code: "missing", until: clock.now() + 1_000, message: "x" },
  });
  agree("settled in four ways");
  expect(await engine.retryJob(await jobHash(b), "test")).toMatchObject({ status: "ok" });
  agree("retried");
  expect(await engine.cancelJob(await jobHash(f), "test")).toMatchObject({ status: "ok" });
  agree("cancelled");
  engine.purgeImage("a", null, "test");
  agree("purged");
  engine.cancelRun("r", "test");
  agree("the run cancelled");
});
