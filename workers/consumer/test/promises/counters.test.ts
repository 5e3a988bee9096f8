import { defineConfig } from "@prewarm/shared/config";
import { expect, it } from "vitest";
import { LedgerCore } from "../../src/ledger/ledger.ts";
import { nodeSql } from "../../src/ledger/testing/node-sql.ts";
import { createFakeClock } from "../../src/testing/fake-clock.ts";

it("counts what GROUP BY counts, through every way a row can go", () => {
  const sql = nodeSql();
  const clock = createFakeClock();
  const config = defineConfig({ sources: [{ prefix: "", url: "https://cdn.example.com/{id}" }] });
  const core = new LedgerCore(sql, { config, clock, ledgerId: "L1" });
  const keys = ["a", "b", "c", "d", "e", "f"].map((id) => `${id}/400-high.webp`);
  const [a = "", b = "", c = "", d = "", e = "", f = ""] = keys;

  function agree(what: string): void {
    const kept = sql.exec("SELECT state, lane, n FROM counters WHERE n <> 0 ORDER BY state, lane");
    const counted = sql.exec("SELECT state, lane, count(*) AS n FROM jobs GROUP BY state, lane ORDER BY state, lane");
    expect(kept, what).toEqual(counted);
  }

  core.accept({ run: "r", lane: "bulk", keys });
  agree("accepted");
  core.accept({ run: null, lane: "upload", keys: [a, b] });
  agree("joined in a higher lane");
  core.claim("o1", [{ keys: [c], live: true, at: clock.now() }]);
  agree("raised by a viewer");
  core.claim("o2", [{ keys: [a, b, d, e], live: false, at: clock.now() }]);
  agree("claimed");
  core.settle("o2", {
    [a]: { kind: "present", bytes: 1, etag: "x", objectGen: 1, posted: false },
    [b]: { kind: "failed", class: "permanent", failure: { code: "x", message: "x" }, posted: true, ended: true },
    [d]: { kind: "unclear", failure: { code: "x", message: "x" } },
    [e]: { kind: "refused", code: "missing", until: clock.now() + 1_000, message: "x" },
  });
  agree("settled in four ways");
  core.retry([b]);
  agree("retried");
  core.cancelKeys([f]);
  agree("cancelled");
  core.purgeBegin("a");
  agree("purged");
  core.cancelRun("r");
  agree("the run cancelled");
});
