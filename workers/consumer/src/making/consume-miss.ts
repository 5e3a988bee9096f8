import { errorText } from "@prewarm/shared/log";
import { parseMessage } from "@prewarm/shared/message-schema";
import type { BatchDeps } from "./batch-context.ts";
import type { Background } from "./consume-batch.ts";
import { createContext } from "./create-context.ts";
import { beginWork } from "./work.ts";

/**
 * A viewer's miss that the edge calls in: the same handler as a worker's, for ten seconds, which begins with this variant. Resolves to true once
 * the ledger has recorded the miss, so that its message need not be sent; the rest of the handler's life is `background`'s. Resolves to false
 * where the message must be sent: the ledger does not answer, `body` is of a newer version, or its image is unknown. Never throws.
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
