import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { LocalWorkers } from "../../dev/runtime.ts";
import { type CacheOptions, ModelledWorkersCache } from "../world/workers-cache/modelled-workers-cache.ts";
import { PurgeAccount } from "../world/workers-cache/purge-account.ts";
import { isVariant, startTestStack, type TestStack, until } from "./stack.ts";
import { withSite } from "./with-site.ts";

/*
 * The local stack with `edgeCache: "workers"`. The local runtime has no Workers Cache: the modelled one stands in front of the edge, in real
 * time, and the edge finds its calls as `context.cache`. All else is real: the ledger's queue, its POST, the binding, the edge.
 */

const SITE = `
import { defineConfig } from "@prewarm/shared/config";
export default defineConfig({ sources: [{ prefix: "", url: "https://cdn.example.com/{id}" }], edgeCache: "workers" });
`;

/** The edge's Worker, told of a cache whose calls go to this address. */
const wrapped = (address: string) => `
import worker from "./inner.mjs";
const call = (kind) => async (options) => (await fetch("${address}/" + kind, { method: "POST", body: JSON.stringify(options) })).json();
const cache = { purge: call("purge"), invalidate: call("invalidate") };
export default { ...worker, fetch: (request, env, context) => worker.fetch(request, env, { cache, waitUntil: (work) => context.waitUntil(work) }) };
`;

function withCache(workers: LocalWorkers, address: string): LocalWorkers {
  return workers.map((worker) => {
    if (worker.name !== "prewarm-edge") return worker;
    const modules = worker.modules.flatMap((one) =>
      one.path === "worker.mjs"
        ? [
            { ...one, contents: wrapped(address) },
            { ...one, path: "inner.mjs" },
          ]
        : [one],
    );
    return { ...worker, modules };
  });
}

const clock: CacheOptions["clock"] = {
  now: Date.now,
  sleep: (ms) => new Promise((wake) => setTimeout(wake, ms)),
  after: (ms, run) => {
    const timer = setTimeout(run, ms);
    return () => clearTimeout(timer);
  },
  holding: async (work) => work(),
};

let server: Server;
let stack: TestStack;
let cache: ModelledWorkersCache;

beforeAll(async () => {
  server = createServer(async (request, response) => {
    const kind = request.url === "/purge" ? "purge" : "invalidate";
    response.end(JSON.stringify(await cache.context[kind](JSON.parse(await text(request)))));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const site = await withSite(SITE, ["edge", "consumer"]);
  stack = await startTestStack({ arrange: (workers) => withCache(site(workers), address) });
  const account = new PurgeAccount(clock.now);
  const run = (request: Request) => fetch(request, { redirect: "manual" });
  cache = new ModelledWorkersCache({ clock, account, run, centres: ["north", "south"], crossVersion: true });
});
afterAll(async () => {
  await stack?.close();
  server?.close();
});

/** A viewer's request, in front of the cache. */
async function ask(path: string, centre = "north") {
  const response = await cache.fetch(new Request(`${stack.edgeUrl}/images/${path}`), centre);
  const { status, headers } = response;
  return { status, headers, how: headers.get("Cf-Cache-Status"), body: Buffer.from(await response.arrayBuffer()) };
}

async function operator(method: string, path: string, body?: unknown): Promise<number> {
  const headers = { authorization: `Bearer ${stack.adminToken}`, "content-type": "application/json" };
  const init = { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) };
  return (await fetch(`${stack.controlUrl}/api/v1/${path}`, init)).status;
}

const isHit = ({ how }: { how: string | null }) => how === "HIT";

it("fills the cache with the variant and nothing before it, and answers from it everywhere", async () => {
  const path = "landscape.jpg?w=400&f=webp";
  const crowd = await Promise.all(Array.from({ length: 20 }, (_, n) => ask(path, n % 2 ? "north" : "south")));
  expect(crowd.map(({ status }) => status)).toEqual(Array(20).fill(302));
  expect(cache.copies()).toEqual([]);
  const first = await until("the variant is shown", () => ask(path), isVariant);
  const runs = cache.runs;
  for (const centre of ["north", "south"]) {
    const hit = await ask(path, centre);
    expect([hit.how, hit.headers.get("Cache-Control")]).toEqual(["HIT", "public, max-age=31536000, immutable"]);
    expect(hit.body.equals(first.body)).toBe(true);
  }
  expect(cache.runs).toBe(runs);
});

it("shows no copy of a purged image, by a call that the ledger makes due and the edge carries out", async () => {
  const path = "albums/%C3%A9t%C3%A9%202026/plage.webp?w=320";
  await until("the variant is a hit", () => ask(path), isHit);
  expect(await operator("DELETE", `images/${encodeURIComponent("albums/été 2026/plage.webp")}`)).toBeLessThan(300);
  await until(
    "the copy is gone",
    () => ask(path),
    (answer) => !isHit(answer),
  );
});

it("answers 410 for a removed image, whose copy is gone", async () => {
  const path = "portrait.jpg?w=320&f=jpeg";
  await until("the variant is a hit", () => ask(path), isHit);
  expect(await operator("POST", "images/portrait.jpg/remove", { reason: "asked" })).toBeLessThan(300);
  await until(
    "the image is gone",
    () => ask(path),
    ({ status }) => status === 410,
  );
});
