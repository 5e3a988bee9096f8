import type { CoverageReport, ReportedCoverage } from "@prewarm/control-schema/coverage";
import { BODY_MAX_BYTES } from "@prewarm/shared/limits";
import { describe, expect, it } from "vitest";
import { createApiWorld, START, VIEWER } from "./testing/api-world.ts";

const REPORT: CoverageReport = {
  site: "dist",
  pages: 9,
  failed: 1,
  isWhole: false,
  share: 75,
  counts: { warm: 3, cold: 1, neverWarmed: 0, refused: 0, passedThrough: 2 },
  problems: [{ path: "cat?w=320", verdict: "cold", reason: "not stored", place: "index.html:4", pages: 2 }],
  lines: [],
  asked: ["w=320&q=high&f=webp"],
};
const PATH = "/api/v1/coverage/shop";

async function reportsOf({ json }: ReturnType<typeof createApiWorld>) {
  const { body } = await json("GET", "/api/v1/coverage", { token: VIEWER });
  return body.reports as ReportedCoverage[];
}

describe("a report of coverage", () => {
  it("is kept under its name with its time and who sent it, in the place of the one before", async () => {
    const world = createApiWorld({}, { adminTokens: ["ci[warm]:token-of-ci"] });
    const { json, advance } = world;
    const sent = { token: "token-of-ci", body: REPORT };
    expect(await json("PUT", PATH, sent)).toEqual({ status: 200, body: { name: "shop", at: START } });
    advance(5_000);
    await json("PUT", "/api/v1/coverage/blog", sent);
    advance(5_000);
    await json("PUT", PATH, { ...sent, body: { ...REPORT, share: 80 } });
    expect(await reportsOf(world)).toEqual([
      { ...REPORT, share: 80, name: "shop", at: START + 10_000, who: "ci" },
      { ...REPORT, name: "blog", at: START + 5_000, who: "ci" },
    ]);
    const { entries } = (await json("GET", "/api/v1/audit", { token: VIEWER })).body as { entries: object[] };
    expect(entries[0]).toMatchObject({ who: "ci", what: "coverage.report", target: "shop", details: { share: 80 } });
  });

  it("is one of ten names: of more the one with the oldest report goes", async () => {
    const world = createApiWorld();
    for (const name of ["first", ...Array.from({ length: 9 }, (_, n) => `n${n}`)]) {
      world.advance(1_000);
      await world.json("PUT", `/api/v1/coverage/${name}`, { body: REPORT });
    }
    await world.json("PUT", "/api/v1/coverage/first", { body: REPORT });
    await world.json("PUT", "/api/v1/coverage/n9", { body: REPORT });
    const names = (await reportsOf(world)).map(({ name }) => name);
    expect(names).toEqual(["n9", "first", "n8", "n7", "n6", "n5", "n4", "n3", "n2", "n1"]);
  });

  const long = "x".repeat(2_001);
  it.each<[string, string, unknown, number, string]>([
    ["that is longer than 64 KiB", PATH, `"${"x".repeat(BODY_MAX_BYTES)}"`, 413, "body_too_large"],
    ["that is no JSON", PATH, "{", 400, "body_invalid"],
    ["without its counts", PATH, { ...REPORT, counts: undefined }, 400, "body_invalid"],
    ["with a field of its own", PATH, { ...REPORT, more: 1 }, 400, "body_invalid"],
    ["with a long address", PATH, { ...REPORT, site: long }, 400, "body_invalid"],
    ["with too many transforms", PATH, { ...REPORT, asked: Array(1_001).fill("w=1") }, 400, "body_invalid"],
    ["under a name of capitals", "/api/v1/coverage/Shop", REPORT, 400, "parameter_invalid"],
    ["under a long name", `/api/v1/coverage/${"a".repeat(41)}`, REPORT, 400, "parameter_invalid"],
  ])("%s is refused", async (_, path, body, status, code) => {
    const world = createApiWorld();
    expect(await world.json("PUT", path, { body })).toMatchObject({ status, body: { code } });
    expect(await reportsOf(world)).toEqual([]);
  });

  it("is sent by an operator who may warm, and by nobody else", async () => {
    const world = createApiWorld({}, { adminTokens: ["pia[purge]:token-of-pia"] });
    const statusOf = async (token: string | null) => (await world.json("PUT", PATH, { token, body: REPORT })).status;
    expect([await statusOf(null), await statusOf(VIEWER), await statusOf("token-of-pia")]).toEqual([401, 403, 403]);
    expect(await reportsOf(world)).toEqual([]);
  });
});
