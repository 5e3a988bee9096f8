import { expect, it } from "vitest";
import { explore } from "./explorer/explore.ts";

/** TROUBLES=2 KINDS="lost doubled" JOBS="a/1,a/2 b/1" CONCURRENCY=2: another world. Each word of JOBS is an enqueue. */
const { TROUBLES = "1", KINDS, JOBS = "a/1", CONCURRENCY = "1" } = process.env;

it("no order of steps in a small world loses a job, or calls the service as it should not", async () => {
  const enqueues = JOBS.split(" ").map((jobs) => jobs.split(","));
  const bounds = {
    ...{ enqueues, concurrency: Number(CONCURRENCY), troubles: Number(TROUBLES) },
    kinds: KINDS?.split(" "),
  };
  const { states, seconds, fault, path } = await explore(bounds);
  if (process.env.TROUBLES !== undefined) console.log(`${states} states in ${seconds.toFixed()} s`);
  expect({ fault, path }).toEqual({ fault: null, path: [] });
  expect(states).toBeGreaterThan(500);
}, 86_400_000);
