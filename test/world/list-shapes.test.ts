import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { createIttybit } from "../../workers/consumer/src/ittybit/client.ts";
import { CalmWorld } from "./calm-world.ts";
import { IttybitHttp, type ListManner, type ListPage } from "./ittybit-http.ts";

/** A drain in virtual time, by the product's own client: the same on any machine, whatever else it does. */
const DRAIN = { variants: 400, slots: 50, perSecond: 20, jobMs: 2_000 };
const BARE: ListManner = { wrap: ({ jobs }) => jobs, headers };

function headers({ hasMore, next }: ListPage): Record<string, string> {
  return { "has-more": String(hasMore), limit: "100", ...(hasMore ? { link: `<${next}>; rel="next"` } : {}) };
}

const SHAPES: [string, ListManner][] = [
  ["bare, without headers", { wrap: ({ jobs }) => jobs }],
  ["data", { wrap: ({ jobs }) => ({ data: jobs }), headers }],
  ["object, data and has_more", { wrap: ({ jobs, hasMore }) => ({ object: "list", data: jobs, has_more: hasMore }) }],
  ["jobs", { wrap: ({ jobs }) => ({ jobs }), headers }],
  ["jobs and has_more", { wrap: ({ jobs, hasMore }) => ({ jobs, has_more: hasMore }) }],
  ["tasks", { wrap: ({ jobs, hasMore }) => ({ tasks: jobs, has_more: hasMore }) }],
  ["items and a pagination", { wrap: ({ jobs, hasMore }) => ({ items: jobs, pagination: { hasMore } }) }],
  ["results and next", { wrap: ({ jobs, hasMore, next }) => ({ results: jobs, next: hasMore ? next : null }) }],
  ["data.jobs", { wrap: ({ jobs }) => ({ data: { jobs }, error: null }), headers }],
  ["an envelope of numbered pages", { wrap: numbered, cursors: false }],
  ["bare, without headers and cursors", { wrap: ({ jobs }) => jobs, cursors: false }],
  ["data, without cursors", { wrap: ({ jobs }) => ({ data: jobs }), headers, cursors: false }],
];

function numbered({ jobs, hasMore, page, next }: ListPage): unknown {
  return {
    meta: { page },
    data: jobs,
    error: null,
    links: { next: hasMore ? `https://api.example.com${next}` : null },
  };
}

let world: CalmWorld;
afterEach(() => world.close());

async function drain(manner: ListManner): Promise<{ perSecond: number; calls: number }> {
  const { variants, slots, perSecond, jobMs } = DRAIN;
  let http: IttybitHttp | null = null;
  world = new CalmWorld({
    // What is measured is how jobs are read.
    stages: false,
    gate: { concurrency: slots, ratePerSecond: perSecond, burst: perSecond },
    client: (ittybit, clock) => {
      http = new IttybitHttp(ittybit, clock, manner);
      return createIttybit({ baseUrl: "https://api.example.com", apiKey: "k", fetch: http.fetch, clock });
    },
  });
  world.ittybit.plan = () => ({ ms: jobMs });
  const ids = Array.from({ length: variants }, (_, n) => `picture${n}`);
  await world.accept("bulk", Object.fromEntries(ids.map((id) => [id, [`${id}/400-high.webp`]])));
  for (let turn = 0; turn < 240 && world.stored < variants; turn += 1) await world.clock.run(500);
  expect(world.stored).toBe(variants);
  // Nothing is made twice, whatever the list is like.
  expect(world.ittybit.jobs).toHaveLength(variants);
  expect(world.violations).toEqual([]);
  const times = world.ittybit.jobs.map(({ createdAt }) => createdAt).slice(slots);
  const seconds = ((times.at(-1) ?? 0) - (times[0] ?? 0)) / 1_000;
  return { perSecond: (times.length - 1) / seconds, calls: (http as IttybitHttp | null)!.calls.length / variants };
}

describe("a drain of 400", () => {
  let bare = 0;
  beforeAll(async () => {
    const { perSecond, calls } = await drain(BARE);
    bare = perSecond;
    expect(calls).toBeLessThanOrEqual(1.2);
    // Of what rate and slots allow, 20 a second.
    expect(perSecond).toBeGreaterThan(0.9 * DRAIN.perSecond);
    world.close();
  }, 120_000);

  it.each(SHAPES)("keeps nine tenths of the bare list's rate, with 1.2 calls a variant: %s", async (_what, manner) => {
    const { perSecond, calls } = await drain(manner);
    expect(perSecond / bare).toBeGreaterThanOrEqual(0.9);
    expect(calls).toBeLessThanOrEqual(1.2);
  });

  it("keeps six tenths of it where there is no list, with three calls a variant", async () => {
    const { perSecond, calls } = await drain({ wrap: null });
    expect(perSecond / bare).toBeGreaterThanOrEqual(0.6);
    expect(calls).toBeLessThanOrEqual(3);
  });
});
