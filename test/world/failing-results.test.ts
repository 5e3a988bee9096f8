import { DEAD } from "@prewarm/durable-queue";
import { describe, expect, it } from "vitest";
import type { GateView } from "../../workers/consumer/src/ledger/calls.ts";
import { type FakeJob, OUTPUT_HOST } from "../../workers/consumer/src/testing/fake-ittybit.ts";
import { picture } from "../../workers/consumer/src/testing/pictures.ts";
import { CalmWorld } from "./calm-world.ts";
import { jobsIn } from "./histories/ledger-look.ts";

const MINUTE = 60_000;
const KEY = "first/400-high.webp";

/** What the results' host answers from when until when (ms since the world began), to which jobs. */
interface Failure {
  from: number;
  until: number;
  answer: () => Response;
  of?: (job: FakeJob) => boolean;
}

const BORN_AT = 1_800_000_000_000;
const forbidden = () => new Response("<Error/>", { status: 403, headers: { "content-type": "application/xml" } });

/** A world whose results' host fails for a while. */
function failing({ from, until, answer, of = () => true }: Failure): CalmWorld {
  return new CalmWorld({
    bornAt: BORN_AT,
    instead: (job, now) => (of(job) && now >= BORN_AT + from && now < BORN_AT + until ? answer() : null),
  });
}

/** 120 variants of 40 images, accepted at once. */
async function drain(world: CalmWorld): Promise<void> {
  const ids = Array.from({ length: 40 }, (_, n) => `picture${n}`);
  const keysOf = (id: string) => [400, 800, 1_200].map((width) => `${id}/${width}-high.webp`);
  await world.accept("bulk", Object.fromEntries(ids.map((id) => [id, keysOf(id)])));
}

async function gateOf(world: CalmWorld): Promise<GateView> {
  const gate = await world.clock.until(world.ask((ledger) => ledger.getGate()));
  if (gate === null) throw new Error("the ledger gave no answer");
  return gate;
}

describe("a drain of 120 variants", () => {
  it.each<[string, () => Response]>([
    ["403", forbidden],
    ["404", () => new Response("", { status: 404 })],
    ["503", () => new Response("", { status: 503 })],
    ["an HTML page with status 200", () => new Response("<!doctype html><title>Sorry</title>")],
    ["an empty body", () => new Response(new Uint8Array(0))],
    ["fewer bytes than were declared", () => new Response("RIFF", { headers: { "content-length": "900" } })],
  ])("loses and pays for nothing in 8 s of %s", async (_name, answer) => {
    const world = failing({ from: 3_000, until: 11_000, answer });
    await drain(world);
    let opened = false;
    for (let turn = 0; turn < 120 && world.stored < 120; turn += 1) {
      await world.clock.run(1_000);
      opened ||= (await gateOf(world)).breaker.state === "open";
    }
    expect(world.stored).toBe(120);
    expect(world.count(DEAD)).toBe(0);
    expect(world.ittybit.jobs).toHaveLength(120);
    expect(opened).toBe(false);
    expect(world.violations).toEqual([]);
  });

  it("shows within a minute that no result can be fetched, makes no more than probes, and goes on when results are there again", async () => {
    const world = failing({ from: 3_000, until: 5 * MINUTE, answer: forbidden });
    await drain(world);
    await world.clock.run(MINUTE + 3_000);
    const { breaker } = await gateOf(world);
    expect(breaker.state).toBe("open");
    expect(breaker.reason).toContain("store.example.net answered HTTP 403 (application/xml)");
    const paid = world.ittybit.jobs.length;
    const asked = () => world.fetched.filter((url) => url.startsWith(OUTPUT_HOST)).length;
    const before = asked();
    await drain2(world);
    await world.clock.run(3 * MINUTE);
    // By now the breaker waits for about a minute.
    expect(asked() - before).toBeLessThanOrEqual(5);
    // Probes of the breaker, whose results are kept like any other.
    expect(world.ittybit.jobs.length - paid).toBeLessThanOrEqual(4);
    for (let turn = 0; turn < 900 && world.stored < 160; turn += 1) await world.clock.run(1_000);
    expect(world.stored).toBe(160);
    expect(world.ittybit.jobs).toHaveLength(160);
    expect(world.count(DEAD)).toBe(0);
    expect((await gateOf(world)).breaker.state).toBe("closed");
  });

  it("is not stopped by one result that is never there", async () => {
    const of = ({ order }: FakeJob) => order.metadata.key === "picture7/800-high.webp";
    const world = failing({ from: 0, until: 12 * MINUTE, answer: forbidden, of });
    await world.accept("bulk", { first: [KEY] });
    await world.clock.run(5_000);
    await drain(world);
    let opened = false;
    for (let turn = 0; turn < 9 * 60; turn += 1) {
      await world.clock.run(1_000);
      opened ||= (await gateOf(world)).breaker.state === "open";
    }
    expect(opened).toBe(false);
    expect(world.stored).toBe(120);
    expect(world.ittybit.jobs).toHaveLength(121);
  });

  /** Forty more, while nothing can be fetched. */
  async function drain2(world: CalmWorld): Promise<void> {
    const ids = Array.from({ length: 40 }, (_, n) => `later${n}`);
    await world.accept("bulk", Object.fromEntries(ids.map((id) => [id, [`${id}/400-high.webp`]])));
  }
});

describe("one job", () => {
  it.each([0, -3_600_000, 3_600_000])(
    "is kept for ten minutes of 403, and is an attempt in the eleventh that names host and answer: Ittybit's clock is %d ms off",
    async (skew) => {
      const world = failing({ from: 4_000, until: 30 * MINUTE, answer: forbidden });
      const { list, get } = world.ittybit;
      const shifted = <J extends { createdAt: number | null; finishedAt: number | null }>(job: J): J => ({
        ...job,
        createdAt: job.createdAt === null ? null : job.createdAt + skew,
        finishedAt: job.finishedAt === null ? null : job.finishedAt + skew,
      });
      world.ittybit.list = async (query) => {
        const page = await list(query);
        return page.kind === "page" ? { ...page, jobs: page.jobs.map(shifted) } : page;
      };
      world.ittybit.get = async (id) => {
        const seen = await get(id);
        return seen.kind === "job" ? { kind: "job", job: shifted(seen.job) } : seen;
      };
      await world.accept("bulk", { zero: ["zero/400-high.webp"] });
      await world.clock.run(4_000);
      expect(world.stored).toBe(1);
      await world.accept("bulk", { first: [KEY] });
      await world.clock.run(10 * MINUTE);
      expect(world.ittybit.jobs).toHaveLength(2);
      expect(jobsIn(world.sql)).toMatchObject([{ key: KEY, attempts: 0 }]);
      await world.clock.run(MINUTE);
      const [row] = jobsIn(world.sql);
      expect(row?.attempts).toBe(1);
      expect(String(row?.error)).toContain("store.example.net answered HTTP 403 (application/xml)");
    },
  );

  it("is an attempt at once whose result is another size: its bytes are all there", async () => {
    let fetched = 0;
    const world = new CalmWorld({
      result: async (width) => {
        fetched += 1;
        return fetched === 1 ? picture("webp", width / 2, width / 4) : picture("webp", width, width / 2);
      },
    });
    await world.accept("bulk", { first: [KEY] });
    await world.clock.run(2 * MINUTE);
    expect(world.stored).toBe(1);
    expect(world.ittybit.jobs).toHaveLength(2);
  });
});
