import { systemClock } from "@prewarm/shared/clock";
import { GATE_KEY } from "@prewarm/shared/markers";
import { ittybitOf, writeLog } from "./compose.ts";
import { type Env, siteConfig } from "./config.ts";
import { collectEnded } from "./ittybit/observe-jobs.ts";
import type { LedgerDeps } from "./ledger/object/ledger-deps.ts";
import { purgeObjects } from "./store/purge-objects.ts";

/** What the Ledger's Durable Object works with. */
export function ledgerDeps(env: Env): LedgerDeps {
  const ittybit = ittybitOf(env);
  return {
    config: siteConfig(env),
    clock: systemClock,
    log: writeLog,
    newLedgerId: () => crypto.randomUUID().slice(0, 8),
    sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
    send: async (messages) => {
      await env.WORK_QUEUE.sendBatch(messages);
    },
    collect: (open, observeEnded) => collectEnded(open, observeEnded, { ittybit, clock: systemClock, log: writeLog }),
    purge: (task, goOn) => purgeObjects(env.IMAGES_BUCKET, task, goOn),
    publishGate: async (file) => {
      await env.IMAGES_BUCKET.put(GATE_KEY, JSON.stringify(file));
    },
  };
}
