import { errorText } from "@prewarm/shared/log";
import { parseMessage } from "@prewarm/shared/message-schema";
import type { BatchDeps } from "./batch-context.ts";
import type { Background } from "./consume-batch.ts";
import { createContext } from "./create-context.ts";
import { beginWork } from "./work.ts";

/**
 * Handles a viewer's miss that the edge calls with: a worker that lives ten seconds and begins with this variant. True:
 * the ledger has recorded the miss, and the worker goes on in the `background`. False: the edge must send the message,
 * because the ledger does not answer, `body` is of a newer version, or the image is unknown. Never throws.
 */
export async function consumeMiss(body: unknown, deps: BatchDeps, background: Background): Promise<boolean> {
  const startedAt = deps.clock.now();
  const parsed = parseMessage(body);
  if (parsed.kind !== "miss" || parsed.message.unknown === true) return false;
  const { keys, at, signed } = parsed.message;
  const failed = (error: unknown) => deps.log("miss.failed", { error: errorText(error) });
  try {
    const context = createContext("work", deps);
    const asks = keys.map((key) => ({ key, at, ...(signed && { signed }) }));
    const goOn = await beginWork(context, asks, "viewer");
    const done = () => {
      const { owner, counts } = context;
      deps.log("miss.done", { owner, tookMs: deps.clock.now() - startedAt, ...counts });
    };
    background(goOn().then(done).catch(failed));
    return true;
  } catch (error) {
    failed(error);
    return false;
  }
}
