import fc from "fast-check";
import { expect, it } from "vitest";
import { createIttybit } from "../../workers/consumer/src/ittybit/client.ts";
import type { IttybitJob } from "../../workers/consumer/src/ittybit/dialects.ts";
import { CalmWorld } from "./calm-world.ts";
import { createChance } from "./chance.ts";
import { IttybitHttp, type ListManner } from "./ittybit-http.ts";

/*
 * A service that says everything in words and places that some page of Ittybit's has, each time in others: no two answers are alike, and
 * what the product makes of them must be one job and one result a variant.
 */

const DONE = ["succeeded", "completed", "ready"];
const PENDING = ["queued", "pending", "processing", "waiting", "validating", "finishing", "unheard-of"];
const ENVELOPES: ((job: object) => object)[] = [
  (job) => job,
  (job) => ({ data: job }),
  (job) => ({ meta: {}, data: job, error: null, links: {} }),
  (job) => ({ job }),
];
const LISTS: ((jobs: object[]) => unknown)[] = [
  (jobs) => jobs,
  (jobs) => ({ data: jobs }),
  (jobs) => ({ jobs }),
  (jobs) => ({ object: "list", data: jobs }),
  (jobs) => ({ items: jobs }),
];
const probe = { id: "task_0", kind: "probe", status: "succeeded", output: { url: "https://cdn.example.com/p.jpg" } };
const OUTPUTS: ((url: string) => object)[] = [
  (url) => ({ output: url }),
  (url) => ({ output: { url } }),
  (url) => ({ outputs: [{ url }], output: null }),
  (url) => ({ output: null, tasks: [probe, { id: "task_1", kind: "image", status: "succeeded", output: { url } }] }),
  (url) => ({ results: { url } }),
];
const BESIDE = {
  object: "job",
  kind: "image",
  progress: 50,
  options: {},
  links: {},
  project_id: "proj_1",
  error: null,
};

function anyWords(seed: number): ListManner {
  const chance = createChance(seed);
  const pick = <T>(some: readonly T[]): T => chance.pick(some) as T;
  const shuffled = (fields: object): object =>
    Object.fromEntries(
      Object.entries(fields)
        .map((field) => ({ field, at: chance.random() }))
        .sort((a, b) => a.at - b.at)
        .map(({ field }) => field),
    );
  const beside = (): object => Object.fromEntries(Object.entries(BESIDE).filter(() => chance.hits(0.5)));
  return {
    job: ({ id, status, output, metadata, createdAt }: IttybitJob) =>
      shuffled({
        ...beside(),
        id,
        status: pick(status === "done" ? DONE : PENDING),
        ...(output === null ? {} : pick(OUTPUTS)(output)),
        ...(chance.hits(0.5) ? { metadata } : {}),
        ...(chance.hits(0.5) ? { created_at: createdAt } : { created: new Date(createdAt ?? 0).toISOString() }),
      }),
    envelope: (job) => pick(ENVELOPES)(job),
    wrap: ({ jobs }) => pick(LISTS)(jobs),
    cursors: chance.hits(0.7),
  };
}

it("loses no job and makes none twice, in whatever words and order each answer comes", async () => {
  const images = Array.from({ length: 12 }, (_, n) => `picture${n}`);
  await fc.assert(
    fc.asyncProperty(fc.nat(), async (seed) => {
      const manner = anyWords(seed);
      const world = new CalmWorld({
        gate: { concurrency: 5, ratePerSecond: 10, burst: 5 },
        client: (ittybit, clock) => {
          const { fetch } = new IttybitHttp(ittybit, clock, manner);
          return createIttybit({ baseUrl: "https://api.example.com", apiKey: "k", fetch, clock });
        },
      });
      try {
        await world.accept("bulk", Object.fromEntries(images.map((id) => [id, [`${id}/400-high.webp`]])));
        for (let turn = 0; turn < 60 && world.stored < images.length; turn += 1) await world.clock.run(500);
        expect([world.stored, world.ittybit.jobs.length]).toEqual([images.length, images.length]);
        expect(world.sql.exec("SELECT * FROM attempts")).toEqual([]);
        expect(world.violations).toEqual([]);
      } finally {
        world.close();
      }
    }),
    { numRuns: 20, seed: 20_261_125 },
  );
});
