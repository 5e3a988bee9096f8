import { defineConfig } from "@prewarm/shared/config";
import { storeKey } from "@prewarm/shared/variant-key";
import { expect, it, vi } from "vitest";
import { CalmWorld, ORIGINALS } from "../calm-world.ts";
import { edgeInFront } from "./edge-in-front.ts";

/*
 * The local stack on a machine that is busy otherwise: each queue has one handler at a time, and whatever R2, the ledger and the web do is done by one
 * slow processor, one thing after the other. The edge's reads take their part of it.
 */

vi.setConfig({ testTimeout: 120_000 });
const SECOND = 1_000;
const STEP_MS = 25;
/** What one call costs the processor: of the ledger, of R2, of the web; and a read of the edge's. Three times what the local stack takes alone. */
const CALL_MS = 8;
const READ_MS = 2.5;
const VIEWER = "198.51.100.7";

/** One processor: how long until it has done this as well. */
function processor(now: () => number) {
  let freeAt = 0;
  return (ms: number): number => {
    freeAt = Math.max(freeAt, now()) + ms;
    return freeAt - now();
  };
}

function busySite(missingMs: number) {
  const config = defineConfig({ sources: [{ prefix: "", url: `${ORIGINALS}/{id}` }] });
  let work = (ms: number): number => ms;
  const hop = () => ({ ms: work(CALL_MS), backMs: 0, lost: null });
  const world = new CalmWorld({
    workers: 1,
    liveHandlers: 1,
    gate: config.gate,
    weather: { store: hop, wire: hop },
    webMs: (url) => work(CALL_MS) + (url.includes("/made-up-") ? missingMs : 0),
    isMissing: (id) => id.startsWith("made-up"),
  });
  work = processor(world.clock.now);
  const edge = edgeInFront(world, config, () => void work(READ_MS));
  world.ittybit.plan = () => ({ ms: 300 });
  return { world, edge };
}

/** What a viewer waits for: each second a picture of a known image that was not warmed, and one of an image that nobody knows yet. */
const PICTURES = [320, 480, 640, 750, 828, 960].flatMap((width, n) => [
  { id: "known", width, second: 1 + n },
  { id: `new-${n}`, width: 320, second: 1.5 + n },
]);

/** How long each picture takes, ms, while strangers ask for so many made-up ids a second. */
async function waits(
  perSecond: number,
  addresses: number,
  missingMs: number,
): Promise<{ took: number[]; waited: Map<string, number> }> {
  const { world, edge } = busySite(missingMs);
  const { clock, store } = world;
  const stored = (id: string, width: number) => store.objects.has(storeKey(`${id}/${width}-high.webp`));
  await edge.get("/images/known?w=1080", VIEWER);
  while (!stored("known", 1080)) await clock.run(STEP_MS);
  await clock.run(5 * SECOND);
  const since = clock.now();
  const left = new Set(PICTURES);
  const asked = new Map<(typeof PICTURES)[number], number>();
  const waited = new Map<string, number>();
  for (let sent = 0; left.size > 0; ) {
    const seconds = (clock.now() - since) / SECOND;
    for (; seconds < 60 && sent < perSecond * seconds; sent += 1)
      await edge.get(`/images/made-up-${sent}?w=320`, `10.0.0.${sent % addresses}`);
    for (const picture of left) {
      const { id, width, second } = picture;
      if (seconds < second) continue;
      // A page that is open asks again.
      if (!asked.has(picture) || Math.round(seconds * SECOND) % SECOND === 0)
        await edge.get(`/images/${id}?w=${width}`, VIEWER);
      if (!asked.has(picture)) asked.set(picture, clock.now());
      if (!stored(id, width)) continue;
      waited.set(`${id} ${width}`, clock.now() - (asked.get(picture) ?? 0));
      left.delete(picture);
    }
    await clock.run(STEP_MS);
    if (seconds > 120) throw new Error(`it does not end: ${[...left].map(({ id, width }) => `${id} ${width}`)}`);
  }
  expect(world.violations).toEqual([]);
  return { took: [...waited.values()], waited };
}

it.each([
  [40, 4, 0],
  [40, 2, 0],
  [40, 4, 4_000],
])(
  "on a busy machine %i made-up ids a second from %i addresses, which their origin says after %i ms, delay no picture by a second",
  async (perSecond, addresses, missingMs) => {
    const [idle, busy] = [await waits(0, 1, 0), await waits(perSecond, addresses, missingMs)];
    const delays = [...busy.waited].map(([picture, ms]) => [picture, ms - (idle.waited.get(picture) ?? 0)] as const);
    const said = delays.map((each) => each.join(" +")).join(", ");
    console.log(`idle ${Math.max(...idle.took)} ms at most, busy ${Math.max(...busy.took)}; ${said}`);
    for (const [picture, ms] of delays) expect(ms, picture).toBeLessThan(SECOND);
  },
);
