import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { FAULTS, type Fault, SLOW_MS } from "./testing/fakes.ts";
import { BYTES, detailOf, type Options, setup, type World } from "./testing/setup.ts";

// Every way a binding can fail × every kind of request. What the viewer gets is the picture or the redirect, in time, never a 5xx.
const KEY = "photo/800-high.webp";
const PATH = "/images/photo?w=800";
const BUDGET_MS = 1000;

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

type Kind = "cached" | "stored" | "missed" | "head" | "ranged" | "conditional" | "stand-in" | "placeholder";
const KINDS: readonly Kind[] = [
  "cached",
  "stored",
  "missed",
  "head",
  "ranged",
  "conditional",
  "stand-in",
  "placeholder",
];

/** A world in which the request's picture is where its kind says, and the bindings fail from now on. */
async function prepare(kind: Kind, faults: NonNullable<Options["faults"]>): Promise<World> {
  const firstView = kind === "placeholder" ? kind : "stored";
  const world = setup({ config: { firstView }, now: () => Date.now(), faults });
  if (kind === "cached") {
    const headers = { ETag: '"c"', "Last-Modified": new Date(0).toUTCString(), "Content-Type": "image/webp" };
    world.cache.entries.set(`https://images.example.com/images/${KEY}`, {
      bytes: BYTES.slice().buffer,
      headers: new Headers(headers),
      until: Number.POSITIVE_INFINITY,
    });
  }
  const stored: readonly Kind[] = ["cached", "stored", "head", "ranged", "conditional"];
  if (stored.includes(kind)) world.images.store(`variants/${KEY}`, BYTES);
  if (kind === "stand-in") {
    world.images.store("variants/photo/828-high.webp", BYTES);
    world.know("photo", { stored: { webp: [828] } });
  }
  return world;
}

async function fetchIn(world: World, kind: Kind): Promise<{ response: Response; tookMs: number }> {
  const headers = {
    "CF-Connecting-IP": "192.0.2.1",
    ...(kind === "ranged" ? { Range: "bytes=2-5" } : {}),
    ...(kind === "conditional" ? { "If-None-Match": "*" } : {}),
  };
  const start = Date.now();
  let tookMs = Number.POSITIVE_INFINITY;
  const answer = world.ask(kind === "head" ? "HEAD" : "GET", PATH, headers).then((response) => {
    tookMs = Date.now() - start;
    return response;
  });
  await vi.advanceTimersByTimeAsync(BUDGET_MS * 3);
  return { response: await answer, tookMs };
}

/** What a kind is answered with when nothing fails. */
const RIGHT: Record<Kind, number> = {
  cached: 200,
  stored: 200,
  missed: 302,
  head: 200,
  ranged: 206,
  conditional: 304,
  "stand-in": 200,
  placeholder: 200,
};

/**
 * A failing R2 leaves the redirect, or the placeholder: a new isolate that cannot read the changes trusts no copy. All else is
 * served as if nothing were wrong.
 */
function expected(kind: Kind, broken: Record<"cache" | "images" | "slowImages" | "outOfTime", boolean>): number {
  if (kind === "placeholder") return 200;
  // What may stand in is told by the image's note, which a slow R2 does not bring in time.
  if (kind === "stand-in" && (broken.outOfTime || broken.slowImages)) return 302;
  return broken.images ? 302 : RIGHT[kind];
}

const ONE = (["cache", "images", "live", "limit"] as const).flatMap((binding) =>
  FAULTS.flatMap((fault) =>
    KINDS.map((kind): [string, Kind, NonNullable<Options["faults"]>] => [
      `${binding} ${fault}`,
      kind,
      { [binding]: fault },
    ]),
  ),
);
const ALL = FAULTS.flatMap((fault) =>
  KINDS.map((kind): [string, Kind, NonNullable<Options["faults"]>] => [
    `all ${fault}`,
    kind,
    { cache: fault, images: fault, live: fault, limit: fault },
  ]),
);
const fails = (fault: Fault | undefined): boolean => fault !== undefined && fault !== "slow";

describe("whatever fails, the viewer sees a picture in time", () => {
  it.each([...ONE, ...ALL])("%s: %s", async (_, kind, faults) => {
    const world = await prepare(kind, faults);
    const { response, tookMs } = await fetchIn(world, kind);
    expect(tookMs).toBeLessThanOrEqual(BUDGET_MS);
    // A slow cache is late for its share of the budget, so R2 is asked instead; a slow R2 is waited for.
    const broken = {
      cache: faults.cache !== undefined,
      images: fails(faults.images),
      slowImages: faults.images === "slow",
      outOfTime: Object.keys(faults).length > 1,
    };
    expect(response.status).toBe(expected(kind, broken));
    if (response.status === 302)
      expect(response.headers.get("Location")).toBe("https://cdn.example.com/originals/photo");
    expect(response.headers.get("X-Content-Type-Options")).toBe("nosniff");
    expect(response.headers.get("Server-Timing")).toMatch(/^cache;dur=\d+/);
  });

  it.each(KINDS.filter((kind) => kind !== "cached"))("a broken R2 is told in Cache-Status: %s", async (kind) => {
    const { response } = await fetchIn(await prepare(kind, { images: "hangs" }), kind);
    expect(detailOf(response)).toBe("unavailable");
  });

  it.each(FAULTS)("a queue that %s is told, and the next second asks again", async (fault) => {
    const world = await prepare("missed", { live: fault });
    const { response } = await fetchIn(world, "missed");
    // 300 ms is longer than the viewer is made to wait for the queue: nothing is known, and the message goes out all the same.
    expect(detailOf(response)).toBe("unavailable");
    expect(world.sent).toHaveLength(fault === "slow" ? 1 : 0);
    await vi.advanceTimersByTimeAsync(1000);
    const again = await fetchIn(world, "missed");
    expect(detailOf(again.response)).toBe(fault === "slow" || fault === "hangs" ? "pending" : "unavailable");
  });

  it("a slow cache costs its share of the budget only", async () => {
    const { response, tookMs } = await fetchIn(await prepare("stored", { cache: "slow" }), "stored");
    expect(tookMs).toBeLessThan(SLOW_MS);
    expect(response.headers.get("Cache-Status")).toBe("edge; fwd=uri-miss; detail=unavailable, store; hit");
  });

  it("a broken limiter caps nobody", async () => {
    for (const fault of ["throws", "rejects", "hangs"] as const) {
      const world = setup({ now: () => Date.now(), faults: { limit: fault } });
      const answer = world.get(PATH, { "CF-Connecting-IP": "192.0.2.1" });
      await vi.advanceTimersByTimeAsync(BUDGET_MS);
      expect(detailOf(await answer)).toBe("enqueued");
    }
  });

  it("a bug of ours is logged and answered with the redirect", async () => {
    const world = setup({ now: () => Date.now() });
    world.edge.recentMisses.claimTurn = () => {
      throw new TypeError("a bug");
    };
    const response = await world.get(PATH);
    expect([response.status, detailOf(response)]).toEqual([302, "unavailable"]);
    expect(world.logged).toEqual(["edge.bug"]);
  });
});
