import { expect, it } from "vitest";
import { passDone, takePass } from "../images/sweeps.ts";
import { dueSweeps } from "../images/tables/sweeps.ts";
import { type ApiWorld, createApiWorld } from "./testing/api-world.ts";

const YEAR_MS = 31_536_000_000;

/** Makes the passes that are due. */
function sweep({ ledger: { transactions }, deps }: ApiWorld): number {
  const due = transactions.read(({ sql }) => dueSweeps(sql, deps.clock.now(), 10));
  for (const seq of due) {
    const pass = transactions.write((tx) => takePass(tx, seq));
    if (pass !== null) transactions.write((tx) => passDone(tx, pass, []));
  }
  return due.length;
}

const purgeOf = async (world: ApiWorld) => (await world.json("GET", "/api/v1/images/a")).body.purge;

it.each([
  ["immutable", YEAR_MS],
  ["revalidate", 0],
] as const)(
  "a purge tells when the store, the edge and browsers (%s) are done with the old copies",
  async (freshness, kept) => {
    const world = createApiWorld({ freshness });
    expect(await purgeOf(world)).toBeNull();
    const orderedAt = world.deps.clock.now();
    await world.call("DELETE", "/api/v1/images/a");
    const edgeUntil = orderedAt + 60_000;
    const told = { orderedAt, storeDeletedAt: null, edgeUntil, browsersUntil: edgeUntil + kept };
    expect(await purgeOf(world)).toMatchObject(told);
    world.advance(2_000);
    sweep(world);
    const deleted = { storeDeletedAt: orderedAt + 2_000, edgeUntil };
    const seen = (await purgeOf(world)) as { browsersUntil: number; secondPass: { dueAt: number; doneAt: null } };
    expect(seen).toMatchObject({ ...deleted, browsersUntil: deleted.edgeUntil + kept, secondPass: { doneAt: null } });
    expect(seen.secondPass.dueAt).toBeGreaterThan(orderedAt + 900_000);
    world.advance(seen.secondPass.dueAt - world.deps.clock.now());
    expect(sweep(world)).toBe(1);
    expect(await purgeOf(world)).toMatchObject({
      ...deleted,
      secondPass: { dueAt: null, doneAt: seen.secondPass.dueAt },
    });
  },
);

it("the timeline is that of the last purge of the image, however many images are purged after it", async () => {
  const world = createApiWorld();
  await world.call("DELETE", "/api/v1/images/a");
  world.advance(2_000);
  await world.call("DELETE", "/api/v1/images/a");
  const orderedAt = world.deps.clock.now();
  for (let n = 0; n < 400; n += 1) world.ledger.purgeImage(`b${n}`, null, "test");
  expect(await purgeOf(world)).toMatchObject({ orderedAt });
});

it("a pass of an older purge says nothing of the last one", async () => {
  const world = createApiWorld();
  await world.call("DELETE", "/api/v1/images/a");
  sweep(world);
  world.advance(960_000 - 1_000);
  await world.call("DELETE", "/api/v1/images/a");
  sweep(world);
  world.advance(2_000);
  expect(sweep(world)).toBe(1);
  expect(await purgeOf(world)).toMatchObject({ secondPass: { doneAt: null } });
});
