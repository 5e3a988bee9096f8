import { expect, it } from "vitest";
import type { JobKey } from "../src/job-key.ts";
import { Orders } from "../src/memory/orders.ts";
import { placeOf, rangeOfGroup } from "../src/tables/job-ids.ts";
import { migrate } from "../src/tables/migrate.ts";
import { jobsOf, type Order, ordersOf, PARTS_MAX } from "../src/tables/order.ts";
import { MIGRATIONS } from "../src/tables/schema.ts";
import { nodeSql } from "../src/testing/node-sql.ts";

/** Numbers of lanes. */
const [MIDDLE, LAST] = [1, 2];
const SEED = "L";
const PARTS = ["1-high.webp", "2-high.webp", "3-high.webp"];
const all = () => true;

function world() {
  const sql = nodeSql();
  migrate(sql, SEED, MIGRATIONS);
  const orders = new Orders(sql, SEED);
  let gen = 0;
  /** Far enough apart that what is given back of one order does not lead to the order before. */
  const put = (group: string, said: Partial<Order> = {}, to = orders) => {
    gen += 10 * PARTS_MAX;
    const order: Order = {
      lane: LAST,
      run: 1,
      ...{ gen, group, place: image(group), force: false, joined: false, created: 5 },
      parts: [...PARTS],
      ...said,
    };
    to.put(sql, [order]);
    return order;
  };
  const take = (order: Order, indexes: readonly number[]) =>
    orders.take(
      sql,
      indexes.map((index) => ({ order, index })),
    );
  const time = { ms: 0 };
  const rows = () => sql.exec("SELECT grp, parts FROM orders ORDER BY gen");
  const keys = (limit: number, isFree: (id: number) => boolean = all, of = orders) =>
    of.offer(sql, LAST, { limit, now: time.ms }, isFree).map(textOf);
  const again = () => new Orders(sql, SEED);
  return { sql, orders, put, take, rows, keys, again, time };
}

const ORDER = { lane: LAST, run: 1, force: false, joined: false, created: 5 } as const;
const image = (id: string) => rangeOfGroup(id, SEED).from;
const textOf = ({ group, part }: JobKey) => `${group}/${part}`;
const keysOf = (id: string) => PARTS.map((part) => `${id}/${part}`);
const idOf = (text: string) => {
  const [group = "", part = ""] = text.split("/");
  return placeOf({ group, part }, SEED);
};

it("an order is one row, and each part of it a job with the place of its key and a generation of its own", () => {
  const { sql, orders, put, rows } = world();
  const { gen } = put("a", { force: true, run: 7 });
  expect(rows()).toHaveLength(1);
  const [found] = orders.ofGroups(sql, [image("a")]);
  const jobs = jobsOf(found!, SEED);
  expect(jobs.map(({ row }) => row)).toMatchObject(
    PARTS.map((part, index) => ({
      ...{ group: "a", part, id: idOf(`a/${part}`), lane: LAST, run: 7, state: 0, due: null, attempts: 0 },
      ...{ gen: gen + index, floor: gen + index, created: 5 },
    })),
  );
});

it("a job that is taken out leaves the others their generations, and the last one takes the row along", () => {
  const { sql, orders, put, take, rows } = world();
  const order = put("a");
  take(order, [0]);
  expect(rows()).toEqual([{ grp: "a", parts: JSON.stringify([null, ...PARTS.slice(1)]) }]);
  const [left] = orders.ofGroups(sql, [image("a")]);
  expect(jobsOf(left!, SEED).map(({ row, index }) => [row.gen - order.gen, index])).toEqual([
    [1, 1],
    [2, 2],
  ]);
  take(left!, [1, 2]);
  expect(rows()).toEqual([]);
});

it("a subscriber of one job is looked for in all jobs of the order", () => {
  const { sql, orders, put } = world();
  const order = put("a");
  const joined = () =>
    orders.ofGroups(sql, [image("a")]).flatMap((one) => jobsOf(one, SEED).map(({ row }) => row.joined));
  expect(joined()).toEqual([0, 0, 0]);
  orders.join(sql, order);
  expect(joined()).toEqual([1, 1, 1]);
});

it("jobs are read in the order of ids, whole images at a time, and again up to the same id", () => {
  const { sql, orders, put } = world();
  const ids = Array.from({ length: 120 }, (_, n) => `i${n}`);
  for (const id of ids) put(id);
  put("i7", { lane: MIDDLE, parts: ["9-high.webp"] });
  const all = ids.flatMap(keysOf).concat("i7/9-high.webp");
  const sorted = all.map(idOf).sort((a, b) => a - b);
  const read: number[] = [];
  for (let above = 0; above < Number.MAX_SAFE_INTEGER; ) {
    const { rows, to } = orders.walk(sql, { above, to: null }, 20);
    const found = rows.map(({ id }) => id);
    expect(found.length).toBeLessThanOrEqual(3 * 50 + 1);
    expect(orders.walk(sql, { above, to }, 1).rows.map(({ id }) => id)).toEqual(found);
    read.push(...found);
    above = to;
  }
  expect(read).toEqual(sorted);
  const [half = 0] = sorted.slice(100);
  expect(orders.walk(sql, { above: half, to: null }, 1_000)).toMatchObject({ to: Number.MAX_SAFE_INTEGER });
  expect(orders.walk(sql, { above: half, to: null }, 1_000).rows.map(({ id }) => id)).toEqual(sorted.slice(101));
});

it("new jobs become an order per image, run and lane, as long as their generations follow each other", () => {
  const job = (group: string, n: number, gen: number) => ({
    ...jobsOf({ ...ORDER, group, place: image(group), gen, parts: [`${n}-high.webp`] }, SEED)[0]!.row,
  });
  const rows = [job("a", 1, 7), job("a", 2, 8), job("a", 3, 10), job("b", 1, 11), { ...job("b", 2, 12), floor: 12 }];
  const orders = ordersOf(rows);
  expect(orders.map(({ group, gen, force, parts }) => [group, gen, force, parts.length])).toEqual([
    ["a", 7, false, 2],
    ["a", 10, false, 1],
    ["b", 11, false, 1],
    ["b", 12, true, 1],
  ]);
  expect(orders.flatMap((order) => jobsOf(order, SEED).map(({ row }) => row))).toEqual(rows);
});

it("the jobs before a job are counted in its line and, in turn, in those of other runs; what was offered counts no more", () => {
  const { sql, orders, put, keys } = world();
  const [, , c] = ["a", "b", "c"].map((id) => put(id));
  put("d", { run: 2, parts: ["1-high.webp"] });
  const place = { lane: c!.lane, run: 1, gen: c!.gen + 1 };
  expect(orders.ahead(sql, place, 9)).toBe(7 + 1);
  expect(orders.ahead(sql, place, 1)).toBeNull();
  keys(1);
  expect(orders.ahead(sql, place, 9)).toBe(4 + 1);
});

it("the front of a line is the first job that was not offered and has no claim", () => {
  const { sql, orders, put, keys } = world();
  for (const id of ["a", "b"]) put(id);
  const fronts = (isFree: (id: number) => boolean = all) => orders.fronts(sql, LAST, 9, isFree).map(textOf);
  expect(fronts()).toEqual(["a/1-high.webp"]);
  expect(fronts((id) => id !== idOf("a/1-high.webp"))).toEqual(["a/2-high.webp"]);
  keys(1);
  expect(fronts()).toEqual(["b/1-high.webp"]);
  keys(9);
  expect(fronts()).toEqual([]);
});

it("a line is offered in the order of arrival, an image's jobs together, and no job twice", () => {
  const { put, keys } = world();
  for (const id of ["a", "b", "c"]) put(id);
  expect(keys(4)).toEqual([...keysOf("a"), ...keysOf("b")]);
  expect(keys(4)).toEqual(keysOf("c"));
  expect(keys(4)).toEqual([]);
  put("d");
  expect(keys(1)).toEqual(keysOf("d"));
});

it("a job with a claim is passed over, also by an instance that knows of no offer", () => {
  const { put, keys, again } = world();
  for (const id of ["a", "b"]) put(id);
  const claimed = new Set(keysOf("a").map(idOf));
  expect(keys(3, (id) => !claimed.has(id), again())).toEqual(keysOf("b"));
});

it("a job that is given back is the next, and one that is postponed at its time, or when an image is unlocked", () => {
  const { orders, put, keys, time } = world();
  const [a] = ["a", "b", "c"].map((id) => put(id));
  expect(keys(1)).toEqual(keysOf("a"));
  orders.offerAgain({ ...a!, gen: a!.gen + 2 });
  expect(keys(1)).toEqual(keysOf("a"));
  orders.postpone(a!, 5);
  expect(keys(1)).toEqual(keysOf("b"));
  time.ms = 5;
  expect(keys(1)).toEqual(keysOf("a"));
  orders.postpone(a!, 9);
  expect(keys(9)).toEqual([...keysOf("b"), ...keysOf("c")]);
  expect(keys(9)).toEqual([]);
  orders.unlocked();
  expect(keys(1)).toEqual(keysOf("a"));
});

it("runs take turns, also over calls, and a run without orders is no line", () => {
  const { sql, orders, put, take, keys, again } = world();
  for (const id of ["a", "b", "c"]) put(id, { parts: ["1-high.webp"] });
  const d = put("d", { run: 2, parts: ["1-high.webp"] });
  put("e", { run: 2, parts: ["1-high.webp"] });
  put("u", { lane: MIDDLE });
  const names = (limit: number) => keys(limit).map((key) => key[0]);
  expect(names(1)).toEqual(["a"]);
  expect(names(1)).toEqual(["d"]);
  expect(names(2)).toEqual(["b", "e"]);
  expect(orders.runs(LAST)).toEqual([1, 2]);
  take(d, [0]);
  for (const left of orders.ofGroups(sql, [image("e")])) take(left, [0]);
  expect(names(9)).toEqual(["c"]);
  expect(orders.runs(LAST)).toEqual([1]);
  expect([again().runs(LAST), again().runs(MIDDLE)]).toEqual([[1], [1]]);
});

it("an order of more jobs than are asked for is offered in parts", () => {
  const { put, keys } = world();
  put("a", { parts: Array.from({ length: 30 }, (_, n) => `${n + 1}-high.webp`) });
  const claimed = new Set<number>();
  const offered = () => {
    const found = keys(8, (id) => !claimed.has(id));
    for (const key of found) claimed.add(idOf(key));
    return found.length;
  };
  expect([offered(), offered(), offered()]).toEqual([20, 10, 0]);
});

it("no statement reads all orders", () => {
  const { sql, orders, put, take, keys, again } = world();
  const a = put("a");
  const plans: string[] = [];
  const exec = sql.exec;
  sql.exec = (query, ...params) => {
    if (!query.startsWith("INSERT"))
      plans.push(...exec(`EXPLAIN QUERY PLAN ${query}`, ...params).map(({ detail }) => String(detail)));
    return exec(query, ...params);
  };
  again();
  keys(9);
  orders.ofGroups(sql, [image("a")]);
  orders.walk(sql, { above: 0, to: null }, 10);
  take(a, [0]);
  take(a, [1, 2]);
  expect(plans.filter((plan) => /SCAN orders|TEMP B-TREE/.test(plan))).toEqual([]);
  expect(plans.filter((plan) => /SEARCH orders/.test(plan)).length).toBeGreaterThan(5);
  // A step from line to line passes over the orders of a line.
  expect(plans).toContain("SEARCH orders USING PRIMARY KEY (lane=? AND run>?)");
});

it("counts the jobs before one in a bounded number of orders, however many lines there are", () => {
  const { put, orders, sql } = world();
  for (let line = 1; line <= 5; line += 1) for (let n = 0; n < 4; n += 1) put(`l${line}-${n}`, { run: line });
  const last = put("last", { run: 1 });
  expect(orders.ahead(sql, last, 20)).toBe(12 + 4 * 12);
  expect(orders.ahead(sql, last, 19)).toBeNull();
});
