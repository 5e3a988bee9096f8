import worker from "../../workers/edge/src/worker.ts";
import { limitedHandlers } from "./platform-limits.ts";

/** The edge as the workerd tests run it: within the platform's limits. */
export default limitedHandlers(worker);
