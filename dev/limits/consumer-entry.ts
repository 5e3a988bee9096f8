import worker, { Ledger as InnerLedger, Misses as InnerMisses } from "../../workers/consumer/src/worker.ts";
import { limitedClass, limitedHandlers } from "./platform-limits.ts";

/** The consumer as the workerd tests run it: within the platform's limits. The stack's is made of its bundle (`dev/local-modules.ts`). */
export const Ledger = limitedClass(InnerLedger);
export const Misses = limitedClass(InnerMisses);
export default limitedHandlers(worker);
