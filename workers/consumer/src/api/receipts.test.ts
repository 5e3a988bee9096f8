import { receiptText } from "@prewarm/control-schema/receipt-file";
import type { ReceiptPage } from "@prewarm/control-schema/receipts";
import { makePrivateKey, publicHalf } from "@prewarm/shared/ed25519";
import { storeKey } from "@prewarm/shared/variant-key";
import { describe, expect, it } from "vitest";
import {
  ADMIN,
  type ApiWorld,
  createApiWorld,
  endAll,
  isValid,
  key,
  publishedPem,
  RECEIPT_KEY,
  VIEWER,
  warm,
} from "./testing/api-world.ts";

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
    expect(await isValid(world, receipt, signature)).toBe(true);
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
      key: key("gone", 400),
      id: "gone",
      transform: "w=400&q=high&f=webp",
      format: "webp",
      why: "gone",
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

  it("is valid after a rotation while the old key, or its public half, stands in the list", async () => {
    const world = createApiWorld();
    const { receipt, signature } = await receiptOf(world, await stored(world, ["a"]));
    const [next, publicOld] = [makePrivateKey(), await publicHalf(RECEIPT_KEY)];
    for (const receiptKeys of [
      [next, RECEIPT_KEY],
      [next, publicOld],
    ]) {
      world.deps.receiptKeys = receiptKeys;
      expect(await isValid(world, receipt, signature)).toBe(true);
      const pem = await publishedPem(world);
      expect(pem.match(/^MCow.*$/gm)).toEqual([await publicHalf(next), publicOld]);
      for (const secret of [next, RECEIPT_KEY]) expect(pem).not.toContain(secret.slice(-40));
    }
    world.deps.receiptKeys = [next];
    expect(await isValid(world, receipt, signature)).toBe(false);
  });

  it("is refused, and nothing is removed, where no private key is set", async () => {
    for (const receiptKeys of [[], ["no-key"], [await publicHalf(RECEIPT_KEY)]]) {
      const world = createApiWorld({}, { receiptKeys });
      const run = await stored(world, ["a"]);
      expect((await world.json("GET", `/api/v1/runs/${run}/receipt`)).body.detail).toContain("RECEIPT_KEY");
      expect((await world.call("GET", "/.well-known/prewarm-receipts", { token: null })).status).toBe(503);
      const asked = { body: { reason: "asked" } };
      expect((await world.call("POST", "/api/v1/images/a/remove", asked)).status).toBe(503);
      expect((await world.call("GET", "/api/v1/images/a/removal")).status).toBe(404);
    }
  });

  it("continues no sums that another has written, and none of another run", async () => {
    const world = createApiWorld(FAST);
    const run = await stored(
      world,
      Array.from({ length: 600 }, (_, n) => `p${n}`),
    );
    const { pages, receipt, signature } = await receiptOf(world, run);
    const cursor = pages[0]?.nextCursor ?? "";
    const forged = btoa(atob(cursor.replaceAll("-", "+").replaceAll("_", "/")).replace(/"inStore":\d+/, '"inStore":9'));
    const ask = async (of: string, cursor: string) =>
      (await world.call("GET", `/api/v1/runs/${of}/receipt?cursor=${encodeURIComponent(cursor)}`)).status;
    for (const other of [forged, "nonsense", btoa(signature + receiptText(receipt))])
      expect(await ask(run, other)).toBe(400);
    expect(await ask("another", cursor)).toBe(400);
    expect(await ask(run, cursor)).toBe(200);
  }, 60_000);

  it("is none of a run that is not known", async () => {
    const world = createApiWorld();
    expect((await world.call("GET", "/api/v1/runs/nobodys/receipt", { token: ADMIN })).status).toBe(404);
  });
});
