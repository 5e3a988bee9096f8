import { DEAD } from "@prewarm/durable-queue";
import { describe, expect, it } from "vitest";
import type { GateView } from "../../workers/consumer/src/ledger/calls.ts";
import { BORN_AT, CalmWorld, ORIGINALS, OTHER_ORIGINALS } from "./calm-world.ts";
import { jobsIn } from "./histories/ledger-look.ts";

const SECOND = 1_000;
const MINUTE = 60_000;
const WIDTHS = [400, 640, 800, 1_200];

const forbidden = () => new Response("", { status: 403 });

/** Two origins, of which the first answers 403 for so long, about the images that `of` says. */
function failing(forMs: number, of: (url: string) => boolean = () => true): CalmWorld {
  return new CalmWorld({
    config: {
      sources: [
        { prefix: "", url: `${ORIGINALS}/{id}` },
        { prefix: "other/", url: `${OTHER_ORIGINALS}/{id}` },
      ],
    },
    origin: (url, now) => (url.startsWith(ORIGINALS) && now < BORN_AT + forMs && of(url) ? forbidden() : null),
    webMs: 50,
  });
}

function imagesOf(prefix: string, images: number): Record<string, string[]> {
  const ids = Array.from({ length: images }, (_, n) => `${prefix}picture${n}`);
  return Object.fromEntries(
    ids.map((id) => [id, WIDTHS.map((width) => `${encodeURIComponent(id)}/${width}-high.webp`)]),
  );
}

async function reasonsOf(world: CalmWorld): Promise<GateView["reasons"]> {
  const gate = await world.clock.until(world.ask((ledger) => ledger.getGate()));
  return gate?.reasons.filter(({ code }) => code === "origin") ?? [];
}

const storedOf = (world: CalmWorld, prefix: string) =>
  [...world.store.objects.keys()].filter((key) => key.startsWith(`variants/${encodeURIComponent(prefix)}`)).length;

async function runUntil(world: CalmWorld, seconds: number, isOver: () => boolean): Promise<void> {
  for (let turn = 0; turn < seconds && !isOver(); turn += 1) await world.clock.run(SECOND);
}

describe("an origin that answers 403", () => {
  it("for 14 s kills no job, and each job has failed at most once", async () => {
    const world = failing(14 * SECOND);
    await world.accept("upload", imagesOf("", 6));
    await world.clock.run(14 * SECOND);
    expect(jobsIn(world.sql).map(({ attempts }) => attempts)).toEqual(Array(24).fill(1));
    await runUntil(world, 120, () => world.stored === 24);
    expect([world.stored, world.count(DEAD)]).toEqual([24, 0]);
    expect(world.violations).toEqual([]);
  });

  it("for ten minutes is asked by one job at a time, kills none, and keeps no job of another origin waiting", async () => {
    const world = failing(10 * MINUTE);
    await world.accept("bulk", imagesOf("", 60));
    await world.accept("bulk", imagesOf("other/", 20));
    await runUntil(world, 60, () => storedOf(world, "other/") === 80);
    expect(storedOf(world, "other/")).toBe(80);
    const asked = () => world.fetched.filter((url) => url.startsWith(ORIGINALS)).length;
    const [pause] = await reasonsOf(world);
    expect(pause).toMatchObject({ lane: null, until: expect.any(Number) });
    expect(pause?.message).toMatch(/^cdn\.example\.com fails \(the origin answered HTTP 403\); one job is tried at /);
    const before = asked();
    await world.clock.run(9 * MINUTE);
    expect(asked() - before).toBeLessThan(6);
    expect(world.count(DEAD)).toBe(0);
    await runUntil(world, 10 * 60, () => world.stored === 320);
    expect([world.stored, world.count(DEAD)]).toEqual([320, 0]);
    expect(await reasonsOf(world)).toEqual([]);
    expect(world.violations).toEqual([]);
  });

  it("about a third of its images pauses none of the others", async () => {
    const world = failing(20 * MINUTE, (url) => Number(url.match(/\d+$/)?.[0]) % 3 === 0);
    await world.accept("bulk", imagesOf("", 90));
    for (let turn = 0; turn < 40; turn += 1) {
      await world.clock.run(SECOND);
      if (world.stored < 240) expect(await reasonsOf(world)).toEqual([]);
    }
    expect(world.stored).toBe(240);
  });
});
