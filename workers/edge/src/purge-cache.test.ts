import type { CachePurge } from "@prewarm/shared/edge-cache";
import { describe, expect, it } from "vitest";
import type { WorkersCache } from "./purge-cache.ts";
import type { Edge } from "./request-context.ts";
import { type Options, setup } from "./testing/setup.ts";

const REMOVED: CachePurge = { number: 1, kind: "purge", tags: ["i-1", "i-2"] };
const REPLACED: CachePurge = { number: 2, kind: "invalidate", tags: ["i-3"] };
const ALL: CachePurge = { number: 3, kind: "purge", tags: "everything" };
const TAKEN = { success: true, errors: [] };

/** The edge of a site whose ledger has these calls due; what is called and noted, in order. */
function world(due: CachePurge[], options: Options = {}) {
  const calls: unknown[] = [];
  const taking = (kind: string) => async (given: unknown) => {
    calls.push([kind, given]);
    return TAKEN;
  };
  const cache: WorkersCache = { purge: taking("purge"), invalidate: taking("invalidate") };
  const left = [...due];
  const here = setup({
    consumer: {
      miss: async () => true,
      takeCachePurge: async () => {
        calls.push("take");
        return left.shift() ?? null;
      },
      noteCachePurge: async (number, error) => void calls.push([number, error]),
    },
    workersCache: cache,
    ...options,
    config: { edgeCache: "workers", ...options.config },
  });
  const told = async (path = "/images/", headers: Record<string, string> = {}) => {
    const response = await here.ask("POST", path, headers);
    await here.settle();
    return response;
  };
  return { ...here, calls, told };
}

describe("a POST to /images/", () => {
  it("carries out what is due, one call after the other, and notes each", async () => {
    const { told, calls } = world([REMOVED, REPLACED, ALL]);
    const response = await told();
    expect([response.status, response.headers.get("Cache-Control"), await response.text()]).toEqual([
      204,
      "no-store",
      "",
    ]);
    expect(calls).toEqual([
      ...["take", ["purge", { tags: ["i-1", "i-2"] }], [1, null]],
      ...["take", ["invalidate", { tags: ["i-3"] }], [2, null]],
      ...["take", ["purge", { purgeEverything: true }], [3, null]],
      "take",
    ]);
  });

  it("is answered before anything is done: who hangs up ends nothing", async () => {
    const { ask, settle, calls } = world([REMOVED]);
    expect((await ask("POST", "/images/")).status).toBe(204);
    expect(calls).not.toContainEqual([1, null]);
    await settle();
    expect(calls).toContainEqual([1, null]);
  });

  it("carries out 25 calls at most, the platform's own bound", async () => {
    const { told, calls } = world(Array.from({ length: 40 }, (_, number) => ({ ...REMOVED, number })));
    await told();
    expect(calls.filter((call) => call === "take")).toHaveLength(25);
  });

  const method = (purge: unknown) => ({ purge }) as WorkersCache;
  it.each<[string, WorkersCache | undefined, RegExp]>([
    ["there is no such cache", undefined, /no Workers Cache/],
    ["what stands for the cache has no method", method("purge"), /TypeError/],
    ["the method throws", method(() => Promise.reject(new Error("broken"))), /Error: broken/],
    [
      "the cache refuses",
      method(async () => ({ success: false, errors: [{ code: 10_013, message: "rate limited" }] })),
      /10013.*rate limited/,
    ],
  ])("notes why where %s, and goes on", async (_, workersCache, error) => {
    const { told, calls } = world([REMOVED, ALL], { workersCache });
    expect((await told()).status).toBe(204);
    const noted = calls.filter((call) => Array.isArray(call) && typeof call[0] === "number");
    expect(noted).toEqual([
      [1, expect.stringMatching(error)],
      [3, expect.stringMatching(error)],
    ]);
  });

  it.each<[string, Edge["consumer"]]>([
    ["has nothing to purge", { miss: async () => true }],
    ["fails", { miss: async () => true, takeCachePurge: () => Promise.reject(new Error("gone")) }],
  ])("is harmless where the consumer %s", async (_, consumer) => {
    expect((await world([], { consumer }).told()).status).toBe(204);
  });

  it("costs a stranger's network as many calls as it may miss, and no other network any", async () => {
    const asked: string[] = [];
    const allowed = (key: string): boolean => {
      asked.push(key);
      return key.endsWith("2.2.2.2");
    };
    const { told, calls } = world([REMOVED], { allowed });
    expect((await told("/images/", { "CF-Connecting-IP": "1.1.1.1" })).status).toBe(204);
    expect(calls).toEqual([]);
    await told("/images/", { "CF-Connecting-IP": "2.2.2.2" });
    expect(calls).toContainEqual([1, null]);
    // Apart from misses: a viewer behind a network that purges is served as ever.
    expect(asked).toEqual(["purge 1.1.1.1", "purge 2.2.2.2"]);
  });

  it.each([
    ["of an image", "/images/photo", {}],
    ["elsewhere", "/", {}],
    ["where each data centre has its own cache", "/images/", { config: { edgeCache: "colo" as const } }],
  ])("%s is refused", async (_, path, options) => {
    const { told, calls } = world([REMOVED], options);
    expect((await told(path)).status).toBe(405);
    expect(calls).toEqual([]);
  });
});
