import { DEAD, REFUSED, refuse, WAITING } from "@prewarm/durable-queue";
import { jobOfKey } from "@prewarm/shared/variant-key";
import { expect, it } from "vitest";
import { countCauses } from "../../console/causes.ts";
import type { ImageTx } from "../../images/image-tx.ts";
import { T0, tables } from "../testing/tables.ts";
import { causesView } from "./causes.ts";

const MINUTE = 60_000;
const key = (id: string, format = "webp") => `${encodeURIComponent(id)}/400-high.${format}`;
const error = (code: string, message: string) => JSON.stringify({ code, message });
const WRONG = (format: string) => error("output_invalid", `is html, not ${format}`);

function world() {
  const made = tables();
  const { order, change, clock } = made;
  const keys = [key("p/a"), key("p/b", "avif"), key("q/c", "jpeg"), key("gone/x"), key("late")];
  order(keys, { run: "r" });
  change(keys[0]!, { state: DEAD, due: null, error: WRONG("webp") });
  clock.ms += 10 * MINUTE;
  change(keys[1]!, { state: WAITING, attempts: 2, due: T0, error: WRONG("avif") });
  change(keys[2]!, { state: DEAD, due: null, error: WRONG("jpeg") });
  change(keys[3]!, { state: REFUSED, due: null, error: error("missing", "the original answered 404") });
  clock.ms += MINUTE;
  const causes = (windowMs: number | null, run: string | null = null) =>
    made.read((tx) => causesView(tx, { windowMs, run }));
  return { ...made, causes };
}

it("one fault is one cause, whatever the format asked for, over retrying, dead and refused", () => {
  const { causes } = world();
  const { causes: found, exact } = causes(3_600_000);
  expect(exact).toBe(true);
  expect(found.map(({ code, count, states, formats }) => ({ code, count, states, formats }))).toEqual([
    {
      code: "output_invalid",
      count: 3,
      states: { retrying: 1, dead: 2, refused: 0 },
      formats: { webp: 1, avif: 1, jpeg: 1 },
    },
    { code: "missing", count: 1, states: { retrying: 0, dead: 0, refused: 1 }, formats: { webp: 1 } },
  ]);
  expect(found[0]?.prefixes).toEqual(
    expect.arrayContaining([
      { prefix: "p/", count: 2 },
      { prefix: "q/", count: 1 },
    ]),
  );
});

it("a window counts what failed last within it, and the first of its kind is known beyond it", () => {
  const { causes, clock } = world();
  const [wrong] = causes(5 * MINUTE).causes;
  expect(wrong).toMatchObject({ count: 2, firstSeen: T0, lastSeen: clock.ms - MINUTE });
  expect(wrong?.trend.reduce((sum, n) => sum + n, 0)).toBe(2);
  expect(wrong?.trend.findIndex((n) => n > 0)).toBe(9);
  expect(causes(30_000).causes).toEqual([]);
});

it("a job that fails again counts under its new cause", () => {
  const { causes, change, write } = world();
  const codes = () => causes(null).causes.map(({ code, count }) => `${code} ${count}`);
  expect(codes()).toEqual(["output_invalid 3", "missing 1"]);
  change(key("p/b", "avif"), { attempts: 3, error: error("upstream_failed", "out of memory") });
  expect(codes()).toEqual(["output_invalid 2", "upstream_failed 1", "missing 1"]);
  write(
    (tx) =>
      void refuse(tx, tx.rows.loadKeys([jobOfKey(key("gone/x"))])[0]!, { code: "animated", message: "no", until: T0 }),
  );
  expect(codes()).toEqual(["output_invalid 2", "upstream_failed 1", "animated 1"]);
});

it("a run has its own causes, and one that nobody knows has none", () => {
  const { causes } = world();
  expect(causes(null, "r").causes.map(({ count }) => count)).toEqual([3, 1]);
  expect(causes(null, "nobody's").causes).toEqual([]);
});

it("dead letters are grouped whole, with twenty thousand as with two", () => {
  const { order, write, read } = tables();
  for (let from = 0; from < 20_400; from += 1_000) {
    const keys = Array.from({ length: Math.min(1_000, 20_400 - from) }, (_, n) => key(`m/${from + n}`));
    order(keys);
    const dead = { state: DEAD, error: error("upstream_failed", "out of memory") };
    write((tx) => tx.rows.loadKeys(keys.map(jobOfKey)).forEach((row) => void Object.assign(row, dead)));
  }
  const { causes } = read((tx) => causesView(tx, { windowMs: null, run: null }));
  expect(causes.map(({ count }) => count)).toEqual([20_400]);
});

it("a count of many jobs may be ten seconds old in a view, and is exact where an action takes it", () => {
  const { order, write, read, clock } = tables();
  const keys = Array.from({ length: 1_500 }, (_, n) => key(`m/${n}`));
  order(keys);
  const missing = { code: "missing", message: "the original answered 404", until: T0 };
  write((tx) => tx.rows.loadKeys(keys.map(jobOfKey)).forEach((row) => void refuse(tx, row, missing)));
  const shown = () => read((tx) => causesView(tx, { windowMs: null, run: null })).causes[0]?.count;
  const counted = () => read((tx) => countCauses(tx, { states: ["refused"] }))[0]?.count;
  expect([shown(), counted()]).toEqual([1_500, 1_500]);
  // The sample of the cause stays: it is the job with the highest id.
  const inOrder = (tx: ImageTx) => tx.rows.loadKeys(keys.map(jobOfKey)).toSorted((a, b) => a.id - b.id);
  write((tx) =>
    inOrder(tx)
      .slice(0, 500)
      .forEach((row) => void tx.rows.delete(row, null)),
  );
  expect([shown(), counted()]).toEqual([1_500, 1_000]);
  clock.ms += 10_000;
  expect(shown()).toBe(1_000);
});
