import type { RemovalReceipt } from "@prewarm/control-schema/removal";
import { spellingsOf } from "@prewarm/shared/image-id";
import { blockKey } from "@prewarm/shared/variant-key";
import { describe, expect, it } from "vitest";
import { passDone, passGoesOn, takePass } from "../images/sweeps.ts";
import { dueSweeps } from "../images/tables/sweeps.ts";
import { LedgerUnavailable } from "../ledger/ledger-unavailable.ts";
import { ADMIN, type ApiWorld, createApiWorld, idsOf, isValid, jobsOf, VIEWER, warm } from "./testing/api-world.ts";

const ID = "u/7f.jpg";
const PATH = `/api/v1/images/${encodeURIComponent(ID)}`;
const MINUTE = 60_000;

const remove = (world: ApiWorld, token = ADMIN) =>
  world.json("POST", `${PATH}/remove`, { token, body: { reason: "asked by the person" } });
const receiptOf = async (world: ApiWorld) => {
  const { body } = await world.json("GET", "/api/v1/images/u%2F7f.jpg/removal", { token: VIEWER });
  return body as unknown as { receipt: RemovalReceipt; signature: string };
};

/** Makes the passes that are due; each finds these objects. */
function sweep({ ledger: { transactions }, deps }: ApiWorld, names: string[] = []): number {
  const due = transactions.read(({ sql }) => dueSweeps(sql, deps.clock.now(), 10));
  const found = names.map((name) => ({ name, bytes: 10, uploadedAt: 5 }));
  for (const seq of due) {
    const pass = transactions.write((tx) => takePass(tx, seq));
    if (pass === null) throw new Error("the pass is taken");
    expect(transactions.write((tx) => passGoesOn(tx, pass, found))).toBe(true);
    transactions.write((tx) => passDone(tx, pass, []));
  }
  return due.length;
}

describe("a removal", () => {
  it("is ordered with a reason, written into the audit log, and blocks the image until it is lifted", async () => {
    const world = createApiWorld();
    await warm(world, [ID]);
    const { status, body } = await remove(world);
    expect([status, body.receipt]).toMatchObject([202, { removed: ID, reason: "asked by the person", jobs: 2 }]);
    expect(world.bucket.objects.has(blockKey(ID))).toBe(true);
    expect((await world.json("GET", PATH)).body.removal).toMatchObject({ reason: "asked by the person" });
    const again = await world.json("POST", "/api/v1/warm", { body: { items: [{ id: "b.jpg" }, { id: ID }] } });
    expect(again.body).toMatchObject({
      accepted: 2,
      duplicates: 0,
      rejectedTotal: 1,
      rejected: [{ index: 1, id: ID, code: "removed" }],
    });
    expect(idsOf(await jobsOf(world, ""))).toEqual(["b.jpg"]);
    expect((await world.json("POST", `${PATH}/unblock`)).body).toEqual({ id: ID });
    expect([...world.bucket.objects.keys()]).toEqual([]);
    expect((await world.json("POST", `${PATH}/unblock`)).status).toBe(404);
    await warm(world, [ID]);
    expect(idsOf(await jobsOf(world, ""))).toEqual(["b.jpg", ID]);
    const { entries } = (await world.json("GET", "/api/v1/audit")).body as { entries: { what: string }[] };
    expect(entries.map(({ what }) => what)).toEqual(expect.arrayContaining(["image.remove", "image.unblock"]));
  });

  it("is of each Unicode spelling of the id, with one receipt, unless the caller says exact", async () => {
    const [nfc, nfd] = ["é.jpg".normalize("NFC"), "é.jpg".normalize("NFD")];
    const pathOf = (id: string) => `/api/v1/images/${encodeURIComponent(id)}`;
    const isRemoved = async (world: ApiWorld, id: string) =>
      (await world.json("GET", pathOf(id))).body.removal !== null;
    const world = createApiWorld();
    await warm(world, [nfc, nfd]);
    const { body } = await world.json("POST", `${pathOf(nfd)}/remove`, { body: { reason: "asked" } });
    expect(body.receipt).toMatchObject({ removed: nfd, spellings: [nfc], jobs: 4, complete: false });
    expect([await isRemoved(world, nfc), await isRemoved(world, nfd)]).toEqual([true, true]);
    sweep(world, ["variants/a"]);
    const { receipt } = (await world.json("GET", `${pathOf(nfc)}/removal`)).body as { receipt: RemovalReceipt };
    expect([receipt.removed, receipt.spellings, receipt.objects.length]).toEqual([nfc, [nfd], 2]);
    expect((await world.json("POST", `${pathOf(nfc)}/unblock`)).status).toBe(200);
    expect([await isRemoved(world, nfc), await isRemoved(world, nfd)]).toEqual([false, false]);
    await world.json("POST", `${pathOf(nfd)}/remove`, { body: { reason: "asked", exact: true } });
    expect([await isRemoved(world, nfc), await isRemoved(world, nfd)]).toEqual([false, true]);
  });

  it("has a receipt that is complete once both spellings of `summer/été a.jpg` are", async () => {
    const [nfc, nfd] = spellingsOf("summer/été a.jpg".normalize("NFC")) as [string, string];
    const pathOf = (id: string) => `/api/v1/images/${encodeURIComponent(id)}`;
    const world = createApiWorld();
    const order = (id: string) =>
      world.json("POST", `${pathOf(id)}/remove`, { body: { reason: "asked", exact: true } });
    const receipt = async () =>
      (await world.json("GET", `${pathOf(nfd)}/removal`)).body as { receipt: RemovalReceipt; signature: string };
    await order(nfc);
    world.advance(17 * MINUTE);
    sweep(world);
    expect((await receipt()).receipt).toMatchObject({ removed: nfc, spellings: [], complete: true });
    await order(nfd);
    const half = await receipt();
    expect(half.receipt).toMatchObject({ removed: nfd, spellings: [nfc], complete: false });
    expect(await isValid(world, half.receipt, half.signature)).toBe(true);
    world.advance(17 * MINUTE);
    sweep(world);
    expect((await receipt()).receipt).toMatchObject({ removed: nfd, spellings: [nfc], complete: true });
    // The copy may lack the removal of a spelling until R2 has named the blocks.
    world.ledger.restored("ops", {}, null);
    expect((await receipt()).receipt).toMatchObject({ complete: false });
  });

  it("is of all spellings or of none: no receipt is complete for one when the ledger has not heard of the other", async () => {
    const world = createApiWorld();
    const { removeImage } = world.deps.ledger;
    let calls = 0;
    world.deps.ledger.removeImage = (...args) => {
      calls += 1;
      return calls === 2
        ? Promise.reject(new LedgerUnavailable("removeImage", "it is being moved"))
        : removeImage(...args);
    };
    const path = `/api/v1/images/${encodeURIComponent("summer/été a.jpg")}`;
    await world.json("POST", `${path}/remove`, { body: { reason: "asked" } });
    await world.deps.ledger.edgesTold();
    world.advance(17 * MINUTE);
    sweep(world);
    const { receipt } = (await world.json("GET", `${path}/removal`)).body as { receipt: RemovalReceipt };
    expect(receipt).toMatchObject({ complete: true, spellings: [expect.any(String)] });
  });

  it("never touches another image: of 1,000 ids that are alike exactly one is removed", async () => {
    const parts = ["a", "A", "a-", "a/b", "a b", "é".normalize("NFC"), "é".normalize("NFD"), "a.", "á", "%61"];
    const ids = parts.flatMap((one) => parts.flatMap((two) => parts.map((three) => `${one}/${two}${three}`)));
    const world = createApiWorld();
    for (let at = 0; at < ids.length; at += 100) await warm(world, ids.slice(at, at + 100));
    for (const id of [ids[1], ids[456], ids[777]].filter((one) => one !== undefined)) {
      const path = `/api/v1/images/${encodeURIComponent(id)}`;
      await world.json("POST", `${path}/remove`, { body: { reason: "asked", exact: true } });
      const gone = ids.filter((one) => world.ledger.imageRows(one, []).removal !== null);
      expect(gone).toEqual([id]);
      expect(ids.filter((one) => world.ledger.imageRows(one, []).rows.length !== 2)).toEqual([id]);
      await world.json("POST", `${path}/unblock`);
      await warm(world, [id]);
      world.advance(2_000);
    }
  });

  it.each(["films/anna.mp4", "logo.svg", "photo.jpg", "hidden/photo.jpg"])(
    "holds at every call that names the image: %s",
    async (id) => {
      const hidden = { prefix: "hidden/", bucket: "ORIGINALS", key: "{id}" };
      const world = createApiWorld({ sources: [hidden, { prefix: "", url: "https://cdn.example.com/{id}" }] });
      const path = `/api/v1/images/${encodeURIComponent(id)}`;
      await world.json("POST", `${path}/remove`, { body: { reason: "asked" } });
      const call = async (method: string, to: string, body?: unknown) => {
        const answer = await world.json(method, to, body === undefined ? {} : { body });
        return JSON.stringify(answer.body);
      };
      for (const v of [undefined, "2"]) {
        const items = [{ id, ...(v === undefined ? {} : { v }) }];
        expect(await call("POST", "/api/v1/warm", { items })).toMatch(/"code":"(removed|source_unknown)"|"accepted":0/);
        expect(await call("POST", "/api/v1/warm", { items, force: true })).toMatch(/"removed"|"accepted":0/);
      }
      expect(await call("PUT", `${path}/focal`, { focal: [0.1, 0.1] })).toContain('"changed":false');
      world.advance(2_000);
      expect(await call("DELETE", path)).toContain('"state":"purging"');
      expect(await call("POST", "/api/v1/info", { ids: [id] })).not.toContain("width");
      expect(await call("GET", path)).toContain('"reason":"asked"');
      expect(idsOf(await jobsOf(world, ""))).toEqual([]);
    },
  );

  it("is no act of a viewer, nor of an operator who may only purge; and it needs a reason", async () => {
    const world = createApiWorld({}, { adminTokens: ["pia[purge]:token-of-pia"] });
    expect((await remove(world, VIEWER)).status).toBe(403);
    expect((await remove(world, "token-of-pia")).status).toBe(403);
    expect((await world.json("POST", `${PATH}/unblock`, { token: "token-of-pia" })).status).toBe(403);
    const open = createApiWorld();
    expect((await open.json("POST", `${PATH}/remove`, { body: { reason: " " } })).status).toBe(400);
    expect((await open.json("GET", `${PATH}/removal`)).status).toBe(404);
  });

  it("has a receipt that is complete once a check after every older handler has found nothing", async () => {
    const world = createApiWorld();
    await remove(world);
    const orderedAt = world.deps.clock.now();
    const edgeUntil = orderedAt + 60_000;
    expect((await receiptOf(world)).receipt).toMatchObject({
      checks: [],
      edgeUntil,
      completeAt: orderedAt + 16 * MINUTE,
      complete: false,
    });
    world.advance(1_000);
    sweep(world, ["variants/a"]);
    expect((await receiptOf(world)).receipt).toMatchObject({
      edgeUntil,
      completeAt: orderedAt + 1_000 + 16 * MINUTE,
      complete: false,
      objects: [{ name: "variants/a", deletedAt: orderedAt + 1_000 }],
    });
    world.advance(16 * MINUTE);
    // A handler of before has put one more.
    sweep(world, ["variants/b"]);
    expect((await receiptOf(world)).receipt).toMatchObject({ edgeUntil, complete: false });
    world.advance(MINUTE);
    expect(sweep(world)).toBe(1);
    const { receipt } = await receiptOf(world);
    expect(receipt).toMatchObject({ complete: true, completeAt: world.deps.clock.now(), more: 0 });
    expect(receipt.checks.map(({ found }) => found)).toEqual([1, 1, 0]);
    world.advance(1_000 * MINUTE);
    expect(sweep(world)).toBe(0);
  });

  it("is verified as a run's receipt is, and no field of it can be changed", async () => {
    const world = createApiWorld();
    await remove(world);
    sweep(world, ["variants/a", "dead/b"]);
    const { receipt, signature } = await receiptOf(world);
    const verify = (told: unknown) => isValid(world, told, signature);
    const turned = Object.fromEntries(Object.entries(receipt).toReversed());
    expect([await verify(receipt), await verify(turned)]).toEqual([true, true]);
    const [first, ...rest] = receipt.objects;
    expect(await verify({ ...receipt, objects: rest })).toBe(false);
    expect(await verify({ ...receipt, objects: [...rest, first] })).toBe(false);
    expect(await verify({ ...receipt, complete: true })).toBe(false);
    expect(await verify({ ...receipt, checks: [{ ...receipt.checks[0], found: 9 }] })).toBe(false);
  });
});
