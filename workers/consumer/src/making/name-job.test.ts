import { expect, it } from "vitest";
import type { Attributes } from "../platform/span.ts";
import { batchWorld } from "./testing/batch-world.ts";

/** Logs and traces are joined by the names of a job: ours, its run's, Ittybit's. */

const KEY = "photo/400-high.webp";

it("each step on a job is a span with its names, Ittybit's included once there is one", async () => {
  const { shift, ledger, deps, ittybit } = batchWorld();
  const spans: [string, Attributes][] = [];
  deps.span = async (name, work) => {
    const seen: [string, Attributes] = [name, {}];
    spans.push(seen);
    return work((attributes) => Object.assign(seen[1], attributes));
  };
  const { name, gen } = ledger.add(KEY);
  await shift();
  const names = { "prewarm.job": name, "prewarm.run": "run_1", "prewarm.key": KEY, "prewarm.gen": gen };
  const job = { "prewarm.ittybitJob": ittybit.jobs[0]?.id };
  expect(spans).toEqual([
    ["job.submit", { ...names, ...job }],
    ["job.finish", { ...names, ...job }],
  ]);
});

it("a span ends with its names although its step fails", async () => {
  const { shift, ledger, deps, ittybit } = batchWorld();
  let noted: Attributes = {};
  deps.span = (_name, work) =>
    work((attributes) => {
      noted = attributes;
    });
  ittybit.refuse = () => {
    throw new Error("broken");
  };
  ledger.add(KEY);
  await shift();
  expect(noted).toMatchObject({ "prewarm.key": KEY, "prewarm.ittybitJob": null });
});

it("the line of a failure has the same names", async () => {
  const { shift, ledger, logs, ittybit } = batchWorld();
  const { name, gen } = ledger.add(KEY);
  ittybit.plan = () => ({ ends: "failed" });
  await shift();
  const line = logs.find((text) => text.startsWith("job.failed ")) ?? "";
  const names = { job: name, run: "run_1", ittybitJob: ittybit.jobs[0]?.id, key: KEY, gen };
  expect(JSON.parse(line.slice("job.failed ".length))).toMatchObject(names);
});
