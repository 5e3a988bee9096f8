import type { Assumption } from "./assumption.ts";
import { ALARMS } from "./rows/alarms.ts";
import { BUCKET_ROWS } from "./rows/bucket.ts";
import { OBJECT_ROWS } from "./rows/object.ts";
import { QUEUE_ROWS } from "./rows/queue.ts";
import { REQUEST_ROWS } from "./rows/requests.ts";
import { UNCHECKED } from "./rows/unchecked.ts";

/** Every platform assumption of ours, in the order of the table in docs/internals/proofs.md. */
export const ASSUMPTIONS: readonly Assumption[] = [
  ...ALARMS,
  ...OBJECT_ROWS,
  ...BUCKET_ROWS,
  ...QUEUE_ROWS,
  ...REQUEST_ROWS,
  ...UNCHECKED,
];
