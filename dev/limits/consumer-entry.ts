import worker, { Ledger as Inner } from "../../workers/consumer/src/worker.ts";
import { limitedHandlers, limitedObject } from "./platform-limits.ts";

/** The consumer as the workerd tests run it: within the platform's limits. The stack's is made of its bundle (`dev/local-modules.ts`). */
export const Ledger = limitedObject(Inner);
export default limitedHandlers(worker);
