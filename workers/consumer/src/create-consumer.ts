import { WorkerEntrypoint } from "cloudflare:workers";
import type { Config } from "@prewarm/shared/config";
import { queueRole } from "@prewarm/shared/queue-role";
import { createApi } from "./api/create-api.ts";
import { apiDeps, batchDeps, doctorDeps, ledgerOf, logOf, operatorDeps } from "./compose.ts";
import type { Env } from "./config.ts";
import { doctorTick } from "./doctor/run-doctor.ts";
import { handleUploads } from "./hooks/uploads-queue.ts";
import { LedgerObject } from "./ledger/ledger-object.ts";
import { ledgerDeps } from "./ledger-deps.ts";
import { consumeBatch } from "./making/consume-batch.ts";
import { consumeMiss } from "./making/consume-miss.ts";
import { consumeDead } from "./making/dead-queue.ts";

const UNKNOWN_RETRY_SECONDS = 600;

/** The consumer of a site: its Worker, and the classes of its ledger and of what the edge calls, which the site's `worker.ts` exports by name. */
export function createConsumer(site: Config) {
  return { worker: createWorker(site), Ledger: createLedger(site), Misses: createMisses(site) };
}

/** A service binding's entrypoint: no request from outside reaches it. */
function createMisses(site: Config) {
  return class extends WorkerEntrypoint<Env> {
    /** A viewer's miss: true once the ledger has recorded it, and the variant is being made. */
    miss(message: unknown): Promise<boolean> {
      return consumeMiss(message, batchDeps(site, this.env), (work) => this.ctx.waitUntil(work));
    }
  };
}

function createLedger(site: Config) {
  return class extends LedgerObject<Env> {
    constructor(ctx: DurableObjectState, env: Env) {
      super(ctx, env, ledgerDeps(site, env));
    }
  };
}

function createWorker(site: Config) {
  /** One per isolate: routes and schemas are made once. */
  let api: ReturnType<typeof createApi> | undefined;
  return {
    fetch(request, env, context) {
      api ??= createApi(apiDeps(site, env));
      return api.fetch(request, env, context);
    },

    async queue(batch, env, context) {
      const role = queueRole(batch.queue);
      if (role === "uploads") return handleUploads(batch, operatorDeps(site, env));
      if (role === "dead") return consumeDead(batch, ledgerOf(env), logOf(env, "consumer"));
      const handler = role === "live" ? "urgent" : role;
      if (handler !== null)
        return consumeBatch(batch, handler, batchDeps(site, env), (work) => context.waitUntil(work));
      // Whatever it carries waits until the queue has a name that tells: taken for something else it would be lost.
      logOf(env, "consumer")("queue.unknown", { queue: batch.queue, messages: batch.messages.length });
      batch.retryAll({ delaySeconds: UNKNOWN_RETRY_SECONDS });
    },

    /** The alarm is the clock; the cron does its work too, should it be lost, and looks at one slice of the store. `local-start` is the local stack's: every handler died with the last process. */
    async scheduled(controller, env) {
      const ledger = ledgerOf(env);
      if (controller.cron === "local-start" && env.LOCAL === "true") return ledger.recover();
      await ledger.rearm();
      await doctorTick(doctorDeps(site, env));
    },
  } satisfies ExportedHandler<Env>;
}
