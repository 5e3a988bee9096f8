import type { ReceiptPage } from "@prewarm/control-schema/receipts";
import { storeKey } from "@prewarm/shared/variant-key";
import { describe, expect, it } from "vitest";
import { ADMIN, type ApiWorld, createApiWorld, endAll, key, VIEWER, warm } from "./testing/api-world.ts";

const WIDTHS = [400, 800];
const FAST = { gate: { ratePerSecond: 1_000, burst: 1_000, concurrency: 500 } } as const;

/** A run whose variants are stored; those that are named end otherwise, or not at all. */
async function stored(world: ApiWorld, ids: string[], others: Record<string, "dead" | "refused" | null> = {}) {
  const run = await warm(world, ids);
  const ending = (made: string): ["stored" | "dead" | "refused", string] | null => {
    const other = others[made];
    return other === null ? null : [other ?? "stored", "it failed"];
  };
  endAll(world, ending, 2_000);
  for (const id of ids) for (const width of WIDTHS) if (!(key(id, width) in others)) await put(world, key(id, width));
  return run;
}

const put = (world: ApiWorld, variant: string) => world.bucket.bucket.put(storeKey(variant), new Uint8Array([1]));

/** All steps of a check. */
async function receiptOf(world: ApiWorld, run: string) {
  const pages: ReceiptPage[] = [];
  for (let cursor: string | null | undefined; cursor !== null; ) {
    const query: string = cursor === undefined ? "" : `?cursor=${encodeURIComponent(cursor)}`;
    const { body } = await world.json("GET", `/api/v1/runs/${run}/receipt${query}`, { token: VIEWER });
    const page = body as unknown as ReceiptPage;
    pages.push(page);
    cursor = page.nextCursor;
  }
  const { receipt, signature } = pages.at(-1)!;
  return { pages, receipt, signature, missing: pages.flatMap((page) => page.missing) };
}

const verify = async (world: ApiWorld, receipt: unknown, signature: unknown) =>
  (await world.json("POST", "/api/v1/receipts/verify", { body: { receipt, signature }, token: VIEWER })).body.valid;

describe("a run's receipt", () => {
  it("proves that R2 has every variant of a run now", async () => {
    const world = createApiWorld();
    const run = await stored(world, ["a/1.jpg", "b/2.jpg"]);
    const { receipt, missing, signature } = await receiptOf(world, run);
    expect(receipt).toMatchObject({
      run,
      ordered: 4,
      checked: 4,
      inStore: 4,
      missing: 0,
      forgotten: 0,
      complete: true,
    });
    expect([missing, receipt.checkedAt]).toEqual([[], world.deps.clock.now()]);
    expect(await verify(world, receipt, signature)).toBe(true);
  });

  it("names each variant that R2 does not have, with the reason", async () => {
    const world = createApiWorld();
    const others = { [key("d", 400)]: "dead", [key("r", 400)]: "refused", [key("q", 400)]: null } as const;
    const run = await stored(world, ["gone", "purged", "d", "r", "q"], others);
    await world.bucket.bucket.delete(storeKey(key("gone", 400)));
    await world.call("DELETE", "/api/v1/images/purged");
    for (const width of WIDTHS) await world.bucket.bucket.delete(storeKey(key("purged", width)));
    const { receipt, missing } = await receiptOf(world, run);
    expect(receipt).toMatchObject({ ordered: 10, inStore: 4, missing: 6, complete: false });
    expect(receipt.whys).toEqual({ gone: 1, purged: 2, dead: 1, refused: 1, queued: 1 });
    expect(missing).toContainEqual({
      ...{ key: key("gone", 400), id: "gone", transform: "w=400&q=high&f=webp", format: "webp", why: "gone" },
    });
  });

  it("says how many variants the ledger does not list any more", async () => {
    const world = createApiWorld();
    const run = await stored(world, ["a", "b"]);
    world.sql.exec("DELETE FROM recent");
    const { receipt } = await receiptOf(world, run);
    expect(receipt).toMatchObject({ ordered: 4, checked: 0, missing: 0, forgotten: 4, complete: false });
  });

  it("checks a large run in steps, and lists R2 by ranges, not by variant", async () => {
    const world = createApiWorld(FAST);
    const run = await stored(
      world,
      Array.from({ length: 700 }, (_, n) => `p${n}`),
    );
    let lists = 0;
    const { list } = world.bucket.bucket;
    world.deps.bucket.list = (options) => {
      lists += 1;
      return list.call(world.bucket.bucket, options);
    };
    const { pages, receipt } = await receiptOf(world, run);
    expect(receipt).toMatchObject({ ordered: 1_400, inStore: 1_400, complete: true });
    expect(pages.length).toBeGreaterThan(1);
    expect(pages.slice(0, -1).every((page) => page.signature === null && page.receipt.forgotten === null)).toBe(true);
    // 700 images; a page of the list may be short.
    expect(lists).toBeLessThan(350);
  }, 60_000);

  it("does not verify when a word of it was changed, and does after a rotation of the keys", async () => {
    const world = createApiWorld();
    const run = await stored(world, ["a"]);
    const { receipt, signature } = await receiptOf(world, run);
    expect(await verify(world, { ...receipt, inStore: 1 }, signature)).toBe(false);
    expect(await verify(world, receipt, "AAAA")).toBe(false);
    world.deps.signingKeys.unshift("the-next-key");
    expect(await verify(world, receipt, signature)).toBe(true);
    world.deps.signingKeys.splice(0, 2, "another");
    expect(await verify(world, receipt, signature)).toBe(false);
  });

  it("continues no sums that another has written, and none of another run", async () => {
    const world = createApiWorld(FAST);
    const run = await stored(
      world,
      Array.from({ length: 600 }, (_, n) => `p${n}`),
    );
    const { pages } = await receiptOf(world, run);
    const [body = "", signature = ""] = (pages[0]?.nextCursor ?? "").split(".");
    const forged = btoa(
      atob(body.replaceAll("-", "+").replaceAll("_", "/")).replace(/"inStore":\d+/, '"inStore":9999'),
    );
    const ask = async (of: string, cursor: string) =>
      (await world.call("GET", `/api/v1/runs/${of}/receipt?cursor=${encodeURIComponent(cursor)}`)).status;
    expect(await ask(run, `${forged}.${signature}`)).toBe(400);
    expect(await ask("another", `${body}.${signature}`)).toBe(400);
    expect(await ask(run, "nonsense")).toBe(400);
    expect(await ask(run, `${body}.${signature}`)).toBe(200);
  }, 60_000);

  it("is none of a run that is not known", async () => {
    const world = createApiWorld();
    expect((await world.call("GET", "/api/v1/runs/nobodys/receipt", { token: ADMIN })).status).toBe(404);
  });
});
