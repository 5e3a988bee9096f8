import { REMOVED_METADATA } from "@prewarm/shared/image-info";
import { blockKey, infoKey, storeKey } from "@prewarm/shared/variant-key";
import { describe, expect, it } from "vitest";
import { passDone, takePass } from "../images/sweeps.ts";
import { REMOVALS_MAX } from "../images/tables/removals.ts";
import { dueSweeps } from "../images/tables/sweeps.ts";
import { type ApiWorld, createApiWorld, jobsOf, key, VIEWER, warm } from "./testing/api-world.ts";

const PATH = "/api/v1/image-actions";
const ids = (n: number, from = 0) => Array.from({ length: n }, (_, at) => `user/pic-${from + at}.jpg`);
const PURGE = { action: "purge-of-may", kind: "purge", label: "folder user/" };
const REMOVE = { action: "case-812-all", kind: "remove", reason: "case 812" };

const act = (world: ApiWorld, body: object, token?: string) => {
  // R2 takes one put of the changes object a second.
  world.advance(2_000);
  return world.json("POST", PATH, { body, ...(token === undefined ? {} : { token }) });
};
const log = async (world: ApiWorld) =>
  ((await world.json("GET", "/api/v1/audit", { token: VIEWER })).body.entries as { what: string }[]).filter(
    ({ what }) => /^images?\./.test(what),
  );

/** Makes so many of the passes that are due. */
function sweep({ ledger: { transactions }, deps }: ApiWorld, most: number): void {
  for (const seq of transactions.read(({ sql }) => dueSweeps(sql, deps.clock.now(), most))) {
    const pass = transactions.write((tx) => takePass(tx, seq));
    if (pass !== null) transactions.write((tx) => passDone(tx, pass, []));
  }
}

describe("an image action", () => {
  it("purges many images in several calls, is one entry of the log, and tells how far it has come", async () => {
    const world = createApiWorld();
    await warm(world, ids(3));
    expect(await act(world, { ...PURGE, ids: [...ids(2), ...ids(2)] })).toMatchObject({
      status: 202,
      body: { action: "purge-of-may", kind: "purge", images: 2, left: 2, reason: null },
    });
    expect((await act(world, { ...PURGE, ids: ids(3, 2), from: 2 })).body).toMatchObject({ images: 5, left: 5 });
    expect(await jobsOf(world, "")).toEqual([]);
    sweep(world, 4);
    expect((await world.json("GET", `${PATH}/purge-of-may`, { token: VIEWER })).body).toMatchObject({ left: 1 });
    expect(await log(world)).toMatchObject([
      {
        what: "images.purge",
        target: "purge-of-may",
        details: { images: 5, first: ids(3), label: "folder user/" },
      },
    ]);
    expect(world.purges().sort()).toEqual(ids(5));
  });

  it("removes images for a reason: each is blocked, and has a receipt with the reason and the operator", async () => {
    const world = createApiWorld();
    await warm(world, ids(2));
    expect((await act(world, { ...REMOVE, ids: ids(2) })).status).toBe(202);
    for (const id of ids(2)) {
      expect(world.bucket.objects.has(blockKey(id))).toBe(true);
      const { body } = await world.json("GET", `/api/v1/images/${encodeURIComponent(id)}/removal`);
      expect(body.receipt).toMatchObject({ removed: id, reason: "case 812", by: "operator token 1", jobs: 2 });
    }
    expect(await log(world)).toMatchObject([{ what: "images.remove", details: { images: 2, reason: "case 812" } }]);
  });

  it("removes the other spellings of an id too, unless the caller says exact, and counts the image once", async () => {
    const [nfc, nfd] = ["é.jpg".normalize("NFC"), "é.jpg".normalize("NFD")];
    const isRemoved = (world: ApiWorld, id: string) => world.ledger.imageRows(id, []).removal !== null;
    for (const exact of [false, true]) {
      const world = createApiWorld();
      expect((await act(world, { ...REMOVE, ids: [nfd, "a.jpg"], exact })).body).toMatchObject({ images: 2 });
      expect([isRemoved(world, nfd), isRemoved(world, nfc)]).toEqual([true, !exact]);
      expect(world.bucket.objects.has(blockKey(nfc))).toBe(!exact);
    }
  });

  it("does nothing at the repeat of a call, and refuses a call that does not follow the one before", async () => {
    const world = createApiWorld();
    await act(world, { ...REMOVE, ids: ids(2) });
    await act(world, { ...REMOVE, ids: ids(2, 2), from: 2 });
    sweep(world, 4);
    const repeat = await act(world, { ...REMOVE, ids: ids(2, 2), from: 2 });
    expect(repeat).toMatchObject({ status: 202, body: { images: 4, left: 0 } });
    const others = [
      { from: 0 },
      { from: 3 },
      { from: 4, reason: "another" },
      { from: 4, kind: "purge", reason: undefined },
    ];
    for (const other of others) {
      const { status, body } = await act(world, { ...REMOVE, ids: ids(1, 9), ...other });
      expect([status, body.code, other]).toEqual([409, "conflict", other]);
    }
    expect(world.bucket.objects.has(blockKey("user/pic-9.jpg"))).toBe(false);
    expect(world.bucket.objects.has(blockKey("user/pic-3.jpg"))).toBe(true);
  });

  it("removes all of a call's images or none where too many are removed", async () => {
    const world = createApiWorld();
    await act(world, { ...REMOVE, ids: ids(1) });
    const fill = `WITH RECURSIVE n(i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
      INSERT INTO removals (id, body) SELECT 'x' || i, '{}' FROM n`;
    world.sql.exec(fill, REMOVALS_MAX - 1);
    const full = await act(world, { ...REMOVE, ids: ids(3), action: "too-many" });
    expect([full.status, full.body.code]).toEqual([507, "ledger_full"]);
    // The block of an image that was removed before stays.
    expect(ids(3).map((id) => world.bucket.objects.has(blockKey(id)))).toEqual([true, false, false]);
    expect((await world.json("GET", `${PATH}/too-many`)).status).toBe(404);
    expect((await act(world, { ...REMOVE, ids: ids(2), from: 1 })).body).toMatchObject({ images: 3 });
  });

  it("takes the right of its kind, a reason for removals only, and a list that is no longer than a call's", async () => {
    const world = createApiWorld({}, { adminTokens: ["pia[purge]:token-of-pia", "rob[remove]:token-of-rob"] });
    const asked = [
      [{ ...PURGE, ids: ids(1) }, "token-of-rob", 403],
      [{ ...REMOVE, ids: ids(1) }, "token-of-pia", 403],
      [{ ...PURGE, ids: ids(1) }, VIEWER, 403],
      [{ ...REMOVE, ids: ids(1), reason: undefined }, "token-of-rob", 400],
      [{ ...PURGE, ids: ids(1), reason: "no" }, "token-of-pia", 400],
      [{ ...PURGE, ids: ids(201) }, "token-of-pia", 400],
      [{ ...PURGE, ids: ["a//b"] }, "token-of-pia", 400],
      [{ ...PURGE, ids: ids(200) }, "token-of-pia", 202],
    ] as const;
    for (const [body, token, status] of asked) expect((await act(world, body, token)).status).toBe(status);
    expect(await log(world)).toHaveLength(1);
  });
});

describe("ids", () => {
  async function all(world: ApiWorld, query: string): Promise<string[]> {
    const found: string[] = [];
    for (let cursor: string | null = ""; cursor !== null; ) {
      const more: string = cursor === "" ? "" : `&cursor=${encodeURIComponent(cursor)}`;
      const { body } = await world.json("GET", `/api/v1/image-ids?${query}${more}`, { token: VIEWER });
      found.push(...(body.ids as string[]));
      cursor = body.nextCursor as string | null;
    }
    return [...new Set(found)].sort();
  }

  it("of a folder are those of which R2 has a variant or a note, and of no other folder", async () => {
    const world = createApiWorld();
    const { bucket } = world.bucket;
    const own = ["a/é 1.jpg", "a/b/2.jpg", "a/3.jpg", "a/3.jpg2"];
    for (const id of [...own, "a", "ab/1.jpg", "a-/1.jpg", "A/1.jpg"])
      for (const width of [400, 800, 1_000]) await bucket.put(storeKey(key(id, width)), "x");
    await bucket.put(storeKey("a%2F50%/400-high.webp"), "by hand");
    await bucket.put(infoKey("a/noted.jpg"), "{}");
    await bucket.put(infoKey("a/gone.jpg"), "{}", { customMetadata: REMOVED_METADATA });
    expect(await all(world, "folder=a/")).toEqual([...own, "a/noted.jpg"].sort());
    expect(await all(world, "folder=nothing/")).toEqual([]);
  });

  it("of a run are those that it asked for", async () => {
    const world = createApiWorld();
    const run = await warm(world, ids(3));
    await warm(world, ["other.jpg"]);
    expect(await all(world, `run=${run}`)).toEqual(ids(3));
    expect((await world.json("GET", "/api/v1/image-ids?run=nope")).status).toBe(404);
    for (const query of ["", "?folder=a", "?folder=/", "?folder=a/&run=b", "?folder=a//"])
      expect((await world.json("GET", `/api/v1/image-ids${query}`)).status).toBe(400);
  });
});
