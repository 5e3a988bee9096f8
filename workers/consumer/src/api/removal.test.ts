import type { RemovalReceipt } from "@prewarm/control-schema/removal";
import { blockKey } from "@prewarm/shared/variant-key";
import { describe, expect, it } from "vitest";
import { passDone, passGoesOn, takePass } from "../images/sweeps.ts";
import { dueSweeps } from "../images/tables/sweeps.ts";
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
      ...{ accepted: 2, duplicates: 0, rejectedTotal: 1 },
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
      ...{ checks: [], edgeUntil, completeAt: orderedAt + 16 * MINUTE, complete: false },
    });
    world.advance(1_000);
    sweep(world, ["variants/a"]);
    expect((await receiptOf(world)).receipt).toMatchObject({
      ...{ edgeUntil, completeAt: orderedAt + 1_000 + 16 * MINUTE, complete: false },
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
