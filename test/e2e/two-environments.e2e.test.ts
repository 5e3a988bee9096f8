import { join } from "node:path";
import { type Emulator, startEmulator } from "@prewarm/ittybit-emulator/server";
import { convertV4MiniflareOptions, Log, LogLevel, Miniflare } from "miniflare";
import { afterAll, beforeAll, expect, it } from "vitest";
import { unstable_getMiniflareWorkerOptions } from "wrangler";
import { bundleWorkers } from "../../dev/bundle.ts";
import { LIMITS_ENTRY, LIMITS_FLAG, localModules } from "../../dev/local-modules.ts";
import { startOriginals } from "../../dev/originals-server.ts";
import { prepareSamples } from "../../dev/samples.ts";
import { tempFolder } from "../temp-folder.ts";
import { until } from "./stack.ts";

/** Staging and production in one account, as the wrangler files of two environments have them: other names for everything, the same code. */

const ENVIRONMENTS = ["staging", "production"] as const;
type Environment = (typeof ENVIRONMENTS)[number];
const NAMES = { staging: "prewarm-consumer-staging", production: "prewarm-consumer" };
const ADMIN = { authorization: "Bearer local-admin" };

let miniflare: Miniflare;
let emulator: Emulator;
const closers: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  const stateDir = tempFolder("prewarm-two-");
  const files = await prepareSamples(join(".wrangler", "samples"));
  const originals = await startOriginals(async (id) => files.get(id) ?? null, 0);
  closers.push(() => originals.close());
  emulator = await startEmulator({ port: 0, outputPort: 0, apiKey: "local" });
  closers.push(() => emulator.close());
  const bundles = await bundleWorkers(
    { consumer: "workers/consumer/src/worker.ts", limits: LIMITS_ENTRY },
    false,
    () => {},
  );
  closers.push(() => bundles.close());
  const [code = "", limits = ""] = ["consumer", "limits"].map((name) => bundles.current().get(name));
  const bindings = {
    LOCAL: "true",
    ALLOW_LOOPBACK: "true",
    ADMIN_TOKEN: "local-admin",
    ITTYBIT_API_URL: emulator.apiUrl,
    ITTYBIT_API_KEY: "local",
    ORIGINALS_URL: originals.url,
    HOOK_SECRET: `whsec_${Buffer.alloc(32, 7).toString("base64")}`,
  };
  miniflare = new Miniflare(
    convertV4MiniflareOptions({
      host: "127.0.0.1",
      port: 0,
      cf: false,
      log: new Log(LogLevel.WARN),
      resourcePersistencePath: stateDir,
      defaultPersistRoot: stateDir,
      workers: ENVIRONMENTS.map((env) => {
        const { modulesRules: _, ...options } = unstable_getMiniflareWorkerOptions(
          "wrangler.consumer.toml",
          env,
        ).workerOptions;
        return {
          ...options,
          name: NAMES[env],
          bindings: { ...(options.bindings as Record<string, string>), ...bindings },
          compatibilityFlags: [...((options.compatibilityFlags as string[] | undefined) ?? []), LIMITS_FLAG],
          modules: localModules({ code, classes: ["Ledger", "Misses"], isEdge: false }, limits),
        };
      }),
    }),
  );
  await miniflare.ready;
  closers.push(() => miniflare.dispose());
});

afterAll(async () => {
  for (const close of closers.reverse()) await close();
});

/** What R2 puts into the queue that an environment's bucket of originals notifies. */
async function upload(env: Environment, id: string): Promise<void> {
  const queue = await miniflare.getQueueProducer("UPLOADS_QUEUE", NAMES[env]);
  await queue.send({ action: "PutObject", bucket: "photos", object: { key: `originals/${id}`, eTag: "e1" } });
}

async function stored(env: Environment, id: string): Promise<number> {
  const bucket = await miniflare.getR2Bucket("IMAGES_BUCKET", NAMES[env]);
  const { objects } = await bucket.list({ prefix: `variants/${id}/`, limit: 1000 });
  return objects.length;
}

async function jobs(env: Environment): Promise<string[]> {
  const worker = await miniflare.getWorker(NAMES[env]);
  const answer = await worker.fetch("http://localhost/api/v1/jobs?limit=200", { headers: ADMIN });
  const { jobs } = (await answer.json()) as { jobs: { id: string }[] };
  return [...new Set(jobs.map(({ id }) => id))];
}

it.each([
  ["staging", "production", "small.jpg"],
  ["production", "staging", "hero.jpg"],
] as const)("an R2 event of %s warms there, and nothing in %s", async (env, other, id) => {
  await upload(env, id);
  await until(
    `${id} stored in ${env}`,
    () => stored(env, id),
    (count) => count > 0,
  );
  expect(await jobs(env)).toEqual([id]);
  expect([await stored(other, id), (await jobs(other)).includes(id)]).toEqual([0, false]);
});
