import { WorkerEntrypoint } from "cloudflare:workers";
import { queueRole } from "@prewarm/shared/queue-role";
import { createApi } from "./api/create-api.ts";
import { apiDeps, batchDeps, ledgerOf, logOf, operatorDeps } from "./compose.ts";
import type { Env } from "./config.ts";
import { doctorTick } from "./doctor/run-doctor.ts";
import { handleUploads } from "./hooks/uploads-queue.ts";
import { LedgerObject } from "./ledger/ledger-object.ts";
import { ledgerDeps } from "./ledger-deps.ts";
import { consumeBatch } from "./making/consume-batch.ts";
import { consumeMiss } from "./making/consume-miss.ts";
import { consumeDead } from "./making/dead-queue.ts";

export class Ledger extends LedgerObject<Env> {
  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env, ledgerDeps(env));
  }
}

/** What the edge calls, by a service binding: no request from outside reaches it. */
export class Misses extends WorkerEntrypoint<Env> {
  /** A viewer's miss: true once the ledger has recorded it, and the variant is being made. */
  miss(message: unknown): Promise<boolean> {
    return consumeMiss(message, batchDeps(this.env), (work) => this.ctx.waitUntil(work));
  }
}

const UNKNOWN_RETRY_SECONDS = 600;

/** One per isolate: routes and schemas are made once. */
let api: ReturnType<typeof createApi> | undefined;

export default {
  fetch(request, env, context) {
    api ??= createApi(apiDeps(env));
    return api.fetch(request, env, context);
  },

  async queue(batch, env, context) {
    const role = queueRole(batch.queue);
    if (role === "uploads") return handleUploads(batch, operatorDeps(env));
    if (role === "dead") return consumeDead(batch, ledgerOf(env), logOf(env, "consumer"));
    if (role !== null) return consumeBatch(batch, role, batchDeps(env), (work) => context.waitUntil(work));
    // Whatever it carries waits until the queue has a name that tells: taken for something else it would be lost.
    logOf(env, "consumer")("queue.unknown", { queue: batch.queue, messages: batch.messages.length });
    batch.retryAll({ delaySeconds: UNKNOWN_RETRY_SECONDS });
  },

  /** The alarm is the clock; the cron does its work too, should it be lost, and looks at one slice of the store. `local-start` is the local stack's: every handler died with the last process. */
  async scheduled(controller, env) {
    const ledger = ledgerOf(env);
    if (controller.cron === "local-start" && env.LOCAL === "true") return ledger.recover();
    await ledger.rearm();
    await doctorTick(operatorDeps(env));
  },
} satisfies ExportedHandler<Env>;
