import { expect, it } from "vitest";
import { explore } from "./explorer/explore.ts";

/** TROUBLES=2 KINDS="lost doubled" JOBS="a/1,b/1" CONCURRENCY=2: another world. */
const { TROUBLES = "1", KINDS, JOBS = "a/1", CONCURRENCY = "1" } = process.env;

it("no order of steps in a small world loses a job, or calls the service as it should not", async () => {
  const bounds = { jobs: JOBS.split(","), concurrency: Number(CONCURRENCY), troubles: Number(TROUBLES) };
  const { states, fault, path } = await explore({ ...bounds, kinds: KINDS?.split(" ") });
  if (process.env.TROUBLES !== undefined) console.log(`${states} states`);
  expect({ fault, path }).toEqual({ fault: null, path: [] });
  expect(states).toBeGreaterThan(500);
}, 86_400_000);
