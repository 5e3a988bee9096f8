import { describe, expect, it } from "vitest";
import { createApiWorld, START, VIEWER } from "./testing/api-world.ts";

const KEY = "photo/400-high.webp";

describe("POST /api/v1/doctor", () => {
  it("reports without fix, mends with it, finds nothing the second time, and says who did it", async () => {
    const world = createApiWorld();
    await world.bucket.bucket.put(`variants/${KEY}`, "bytes");
    // A later look found the original after all.
    await world.bucket.bucket.put(`dead/${KEY}`, "{}");
    world.advance(3_600_000);
    const found = { code: "marker_stale", count: 1, fixed: false };
    const report = await world.json("POST", "/api/v1/doctor", { body: {} });
    expect(report).toMatchObject({ status: 200, body: { findings: [found], nextCursor: null } });
    expect(await world.bucket.bucket.head(`dead/${KEY}`)).not.toBeNull();
    const mended = await world.json("POST", "/api/v1/doctor", { body: { fix: true } });
    expect(mended.body).toMatchObject({ findings: [{ ...found, fixed: true }] });
    expect(await world.bucket.bucket.head(`dead/${KEY}`)).toBeNull();
    expect(await world.bucket.bucket.head(`variants/${KEY}`)).not.toBeNull();
    const again = await world.json("POST", "/api/v1/doctor", { body: { fix: true } });
    expect(again.body).toEqual({ findings: [], nextCursor: null });
    const audit = await world.json("GET", "/api/v1/audit");
    expect(audit.body).toMatchObject({
      entries: [{ at: START + 3_600_000, what: "doctor.fix", details: { count: 1 } }],
    });
  });

  it("goes on from a cursor, refuses what it does not know, and is not for viewers", async () => {
    const world = createApiWorld();
    await world.bucket.bucket.put(`variants/${KEY}`, "bytes");
    await world.bucket.bucket.put(`dead/${KEY}`, "{}");
    const after = await world.json("POST", "/api/v1/doctor", { body: { cursor: "after:q" } });
    expect(after.body).toEqual({ findings: [], nextCursor: null });
    expect((await world.call("POST", "/api/v1/doctor", { body: { mend: true } })).status).toBe(400);
    expect((await world.call("POST", "/api/v1/doctor", { body: {}, token: VIEWER })).status).toBe(403);
  });

  it("is told that an older database was put back: numbers go on above all that can have been given", async () => {
    const world = createApiWorld();
    const gen = async (id: string) => {
      await world.json("POST", "/api/v1/warm", { body: { items: [{ id, transforms: ["w=400&f=webp"] }] } });
      const [row] = (await world.deps.ledger.imageRows(id, [])).rows;
      return row?.gen ?? 0;
    };
    const before = await gen("a");
    expect((await world.call("POST", "/api/v1/doctor", { body: { restored: true }, token: VIEWER })).status).toBe(403);
    expect(await world.json("POST", "/api/v1/doctor", { body: { restored: true } })).toMatchObject({ status: 200 });
    expect(await gen("b")).toBeGreaterThan(before + 3_600_000_000);
    const audit = await world.json("GET", "/api/v1/audit");
    expect(JSON.stringify(audit.body)).toContain("ledger.restored");
  });

  it("says to try again when R2 does not answer", async () => {
    const world = createApiWorld();
    world.bucket.fails = () => true;
    expect((await world.call("POST", "/api/v1/doctor", { body: {} })).status).toBe(503);
  });
});
