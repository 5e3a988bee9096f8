import { within } from "@prewarm/durable-queue";
import { systemClock } from "@prewarm/shared/clock";
import type { Config } from "@prewarm/shared/config";
import { secretList } from "@prewarm/shared/environment";
import { endpointName } from "@prewarm/shared/events";
import { QUEUE_BATCH_MAX_MESSAGES } from "@prewarm/shared/limits";
import { GATE_KEY } from "@prewarm/shared/markers";
import { WORK_MESSAGE } from "@prewarm/shared/messages";
import { resolveOriginal } from "@prewarm/shared/source";
import { engineOf, logOf, versionOf } from "./compose.ts";
import { bucketOf, type Env, secretOf, siteConfig, withLocalEvents } from "./config.ts";
import type { LedgerDeps } from "./ledger/ledger-deps.ts";
import { deliverEvent, handleEvent } from "./platform/deliver-event.ts";
import { listBlocks } from "./store/blocks.ts";
import { makePass, type OwnOriginal, sharedStores } from "./store/make-pass.ts";
import { createChangesPut } from "./store/put-changes.ts";

/** Finds an image's original where the site has it in a bucket that is bound to this Worker. */
function ownOriginal(site: Config, env: Env): (id: string) => OwnOriginal | null {
  return (id) => {
    const original = resolveOriginal(siteConfig(site, env), id);
    const bucket = original?.kind === "bucket" ? bucketOf(env, original.bucket) : null;
    return original?.kind !== "bucket" || bucket === null
      ? null
      : { bucket, binding: original.bucket, key: original.key };
  };
}

/** What the Ledger's Durable Object works with. */
export function ledgerDeps(site: Config, env: Env): LedgerDeps {
  const config = withLocalEvents(siteConfig(site, env), env);
  const log = logOf(env, "ledger");
  const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
  const stores = sharedStores({ images: env.IMAGES_BUCKET, original: ownOriginal(site, env), sleep }, systemClock.now);
  return {
    config,
    clock: systemClock,
    log,
    controlUrl: env.CONTROL_URL?.replace(/\/$/, "") ?? null,
    version: versionOf(env),
    newQueueId: () => crypto.randomUUID().slice(0, 8),
    sleep,
    within,
    send: async (wakeUps) => {
      for (let left = wakeUps; left > 0; left -= QUEUE_BATCH_MAX_MESSAGES) {
        const length = Math.min(left, QUEUE_BATCH_MAX_MESSAGES);
        await env.WORK_QUEUE.sendBatch(Array.from({ length }, () => ({ body: WORK_MESSAGE })));
      }
    },
    watchExternalJobs: engineOf(siteConfig(site, env), env, log).observe,
    sweep: (pass, goOn) => makePass(stores, pass, goOn),
    listBlocks: () => listBlocks(env.IMAGES_BUCKET),
    deliver: (event) => {
      const endpoint = config.events.find((one) => endpointName(one) === event.endpoint);
      // Taken out of the configuration since.
      if (endpoint === undefined) return Promise.resolve({ status: 410, said: "no endpoint any more" });
      const secrets = (endpoint.secrets ?? []).flatMap((name) => secretList(secretOf(env, name)));
      if (!("url" in endpoint)) return handleEvent(endpoint.handle, event, secrets);
      return deliverEvent(event, secrets, (input, init) => fetch(input, init));
    },
    putChanges: createChangesPut(env.IMAGES_BUCKET, { clock: systemClock, sleep }),
    publishGate: async (file) => {
      await env.IMAGES_BUCKET.put(GATE_KEY, JSON.stringify(file));
    },
  };
}
