import { JOB_STATES, LANES } from "@prewarm/shared/job";
import type { Arguments, Flag } from "../arguments/command.ts";

/** The flags that choose jobs, the same for `jobs`, `retry` and `cancel`. */
export const FILTER_FLAGS = {
  state: { type: "string", options: JOB_STATES, multiple: true, description: "Jobs in this state; may repeat" },
  lane: { type: "string", options: LANES, multiple: true, description: "Jobs of this lane; may repeat" },
  run: { type: "string", valueHint: "run", description: "Jobs of this run" },
  search: {
    type: "string",
    valueHint: "query",
    description: "Text of the key, and id: format: error: run: lane: qualifiers",
  },
} as const satisfies Record<string, Flag>;

export const FINGERPRINT_FLAG = {
  type: "string",
  valueHint: "group",
  description: "Dead letters of one cause, as the dashboard groups them",
} as const satisfies Flag;

/** What was given of them, for a query or a filter in a body. */
export function readFilter(args: Arguments): Record<string, string | string[]> {
  const filter: Record<string, string | string[]> = {};
  for (const name of ["state", "lane"]) if (args.list(name).length > 0) filter[name] = [...args.list(name)];
  for (const name of ["run", "search"]) {
    const value = args.text(name);
    if (value !== null) filter[name] = value;
  }
  return filter;
}
