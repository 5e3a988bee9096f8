import { expect, it } from "vitest";
import { Claims } from "../src/memory/claims.ts";
import { newClaim } from "../src/tables/claim.ts";
import { MIGRATIONS, migrate } from "../src/tables/schema.ts";
import { nodeSql } from "../src/testing/node-sql.ts";

/** The number of a lane. */
const LAST = 2;

function world() {
  const sql = nodeSql();
  migrate(sql, "L", MIGRATIONS);
  const claims = new Claims(sql);
  const open = (name: string, until = 60_000) => claims.open({ name, until, role: "work", brief: false, instance: 1 });
  const rows = () => sql.exec("SELECT gen, state, owner, external_id AS job FROM claims ORDER BY gen");
  const owners = () => sql.exec("SELECT name, lease_until AS until FROM owners ORDER BY name");
  /** What an evicted object finds in the tables. */
  const again = () => new Claims(sql);
  return { sql, claims, open, rows, owners, again };
}

const job = (id: number, gen = id * 10) => ({ id, gen, lane: LAST }) as const;

it("a handler that leaves within seconds has no row: an eviction orphans what it was admitted to POST", () => {
  const { sql, claims, owners, again } = world();
  const owner = claims.open({ name: "v", until: 60_000, role: "work", brief: true, instance: 1 });
  claims.add({ ...newClaim(job(1), owner), state: "admitted", first: true });
  claims.flush(sql);
  expect(owners()).toEqual([]);
  expect(again().orphaned()).toMatchObject([{ gen: 10, owner: null, first: false }]);
});

it("a lease is written when its row is twenty seconds behind", () => {
  const { sql, claims, open, owners } = world();
  const owner = open("w");
  claims.add({ ...newClaim(job(1), owner), state: "admitted" });
  for (const until of [60_000, 79_999, 80_000]) {
    owner.until = until;
    claims.flush(sql);
    expect(owners()).toEqual([{ name: "w", until: until === 80_000 ? 80_000 : 60_000 }]);
  }
});

it("an orphaned claim keeps the id of its job through an eviction; whoever takes it is its owner, and not the first", () => {
  const { sql, claims, open, rows, owners, again } = world();
  const owner = open("w");
  const claim = claims.add({
    ...newClaim(job(1), owner),
    state: "admitted",
    first: true,
    ready: true,
    foundByPoller: true,
  });
  claims.flush(sql);
  claim.externalId = "job_1";
  claims.flush(sql);
  expect(rows()).toMatchObject([{ job: null }]);
  claims.close(owner);
  claims.flush(sql);
  expect(rows()).toEqual([{ gen: 10, state: "admitted", owner: null, job: "job_1" }]);
  const later = again();
  expect(later.orphaned()).toMatchObject([{ gen: 10, externalId: "job_1", first: false }]);
  later.assign(later.byGen(10) ?? claim, later.open({ name: "x", until: 1, role: "work", brief: false, instance: 1 }));
  later.flush(sql);
  expect(later.owner("x")?.claims.get(1)?.gen).toBe(10);
  expect([rows(), owners()]).toEqual([[{ gen: 10, state: "admitted", owner: null, job: "job_1" }], []]);
  expect(again().orphaned()).toMatchObject([{ gen: 10, externalId: "job_1" }]);
});

it("a claim whose owner has no row is orphaned", () => {
  const { sql, claims, open, again } = world();
  claims.add({ ...newClaim(job(1), open("w")), state: "admitted" });
  claims.flush(sql);
  sql.exec("DELETE FROM owners");
  expect(again().orphaned()).toMatchObject([{ gen: 10, owner: null }]);
});

it("an abandoned claim holds neither its job nor its owner, and the job may have another claim", () => {
  const { sql, claims, open, rows, again } = world();
  const owner = open("w");
  const claim = claims.add({ ...newClaim(job(1), owner), state: "admitted", externalId: "job_1" });
  claims.abandon(claim, 99);
  claims.add({ ...newClaim(job(1, 11), owner), state: "admitted" });
  claims.flush(sql);
  expect(rows()).toEqual([
    { gen: 10, state: "abandoned", owner: null, job: "job_1" },
    { gen: 11, state: "admitted", owner: "w", job: null },
  ]);
  for (const one of [claims, again()]) {
    expect(one.byJob(1)?.gen).toBe(11);
    expect(one.abandoned()).toMatchObject([{ gen: 10, until: 99 }]);
    expect([...(one.owner("w")?.claims.values() ?? [])].map(({ gen }) => gen)).toEqual([11]);
  }
});

it("a claim that was given back and is prefetched again in one transaction has no row", () => {
  const { sql, claims, open, rows } = world();
  const owner = open("w");
  const claim = claims.add({ ...newClaim(job(1), owner), state: "admitted" });
  claims.flush(sql);
  claims.remove(claim);
  claims.add(newClaim(job(1), owner));
  claims.flush(sql);
  expect(rows()).toEqual([]);
  expect(claims.byJob(1)?.state).toBe("prefetched");
});

it("a prefetched claim that is kept has a row, and an eviction keeps it", () => {
  const { sql, claims, open, rows, again } = world();
  claims.keep(claims.add(newClaim(job(1), open("w"))));
  claims.flush(sql);
  expect(rows()).toEqual([{ gen: 10, state: "prefetched", owner: "w", job: null }]);
  const later = again();
  const claim = later.byJob(1);
  expect(claim).toMatchObject({ kept: true, owner: { name: "w" } });
  if (claim) later.remove(claim);
  later.flush(sql);
  expect(rows()).toEqual([]);
});
