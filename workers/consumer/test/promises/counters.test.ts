import { nameOf, placeOf } from "@prewarm/durable-queue";
import { nodeSql } from "@prewarm/durable-queue/testing";
import { jobOfKey, keyOfJob } from "@prewarm/shared/variant-key";
import { expect, it } from "vitest";
import type { ExchangeRequest } from "../../src/ledger/calls.ts";
import { testConfig } from "../../src/ledger/testing/setup-config.ts";
import { testEngine } from "../../src/ledger/testing/test-engine.ts";
import { createFakeClock } from "../../src/testing/fake-clock.ts";

it("counts what GROUP BY counts, through every way a row can go", async () => {
  const sql = nodeSql();
  const clock = createFakeClock();
  const { engine } = testEngine(sql, { config: testConfig(), clock });
  await clock.sleep(60_000); // a new ledger's bucket has no tokens
  const keys = ["a", "b", "c", "d", "e", "f"].map((id) => `${id}/400-high.webp`);
  const [a = "", b = "", c = "", d = "", e = "", f = ""] = keys;

  function agree(what: string): void {
    const lanes = Object.entries(engine.stats().counts).flatMap(([lane, { stored: _, ...states }]) =>
      Object.values(states).map((n) => [lane, n] as const),
    );
    const kept = ["live", "upload", "bulk"].map((lane) =>
      lanes.reduce((n, [of, more]) => (of === lane ? n + more : n), 0),
    );
    const counted = [0, 1, 2].map((lane) => sql.exec("SELECT * FROM jobs").filter((job) => job.lane === lane).length);
    expect(kept, what).toEqual(counted);
    const { dead, refused, cancelled } = engine.stats().counts.upload;
    const ended = [2, 3, 4].map(
      (state) => sql.exec("SELECT count(*) AS n FROM jobs WHERE lane = 1 AND state = ?", state)[0]?.n,
    );
    expect([dead, refused, cancelled], what).toEqual(ended);
  }

  let deliveries = 0;
  function accept(run: string, lane: "upload" | "bulk", asked: string[]): void {
    deliveries += 1;
    const images = asked.map((key) => ({ id: key.slice(0, 1), keys: [key], order: null, sourceEtag: null }));
    const delivery = { id: `d${deliveries}`, chunk: 0, hash: "h" };
    engine.acceptChunk({ run: { run, label: null, lane }, delivery, images, force: false, backlogMax: 1_000 });
  }

  let first = true;
  function call(said: Partial<ExchangeRequest>) {
    const nothing = { have: [], asks: [], submitted: [], settled: [], leave: false };
    const answer = engine.exchange({ owner: "o", first, role: "work", room: 40, ...nothing, ...said });
    first = false;
    return answer.status === "ok" ? answer.give : [];
  }

  accept("r", "bulk", keys);
  agree("accepted");
  accept("uploads", "upload", [a, b]);
  agree("joined in a higher lane");
  const given = new Map(call({ asks: [{ key: c, at: clock.now() }] }).map((one) => [keyOfJob(one), one]));
  agree("raised by a viewer, and handed out");
  expect(given.size).toBe(6);
  const said = (key: string) => ({ id: given.get(key)?.id ?? 0, gen: given.get(key)?.gen ?? 0 });
  call({ have: keys.map((key) => ({ ...said(key), phase: "ready" as const })) });
  agree("granted");
  const failure = { code: "x", message: "x" };
  call({
    room: 0,
    settled: [
      { ...said(a), outcome: { kind: "present", bytes: 1, objectGen: said(a).gen, posted: false } },
      { ...said(b), outcome: { kind: "failed", class: "permanent", failure, external: "ended" } },
      { ...said(d), outcome: { kind: "unclear", failure } },
      { ...said(e), outcome: { kind: "refused", code: "missing", until: clock.now() + 1_000, message: "x" } },
      { ...said(f), outcome: { kind: "unposted" } },
    ],
  });
  agree("settled in five ways");
  expect(engine.retryJob(nameOf(placeOf(jobOfKey(b), "test")), "test")).toMatchObject({ status: "ok" });
  agree("retried");
  expect(engine.cancelJob(nameOf(placeOf(jobOfKey(f), "test")), "test")).toMatchObject({ status: "ok" });
  agree("cancelled");
  engine.purgeImage("d", null, "test");
  agree("purged");
  engine.cancelRun("r", "test");
  agree("the run cancelled");
  call({ leave: true });
  agree("what was summed is folded");
});
