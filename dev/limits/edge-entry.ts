import worker from "../../workers/edge/src/worker.ts";
import { judgedAnswers, limitedHandlers } from "./platform-limits.ts";

/** The edge as the workerd tests run it: within the platform's limits, each answer judged. */
export default judgedAnswers(limitedHandlers(worker));
