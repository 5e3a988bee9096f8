import { JOB_STATES, type JobState, LANES, type Lane } from "@prewarm/shared/job";
import type { Arguments, Flag } from "../arguments/command.ts";
import { usageError } from "../platform/exit-codes.ts";

/** The flags that choose jobs, the same for `jobs`, `retry` and `cancel`. */
export const FILTER_FLAGS = {
  state: { type: "string", options: JOB_STATES, multiple: true, description: "Jobs in this state; may repeat" },
  lane: { type: "string", options: LANES, multiple: true, description: "Jobs of this lane; may repeat" },
  run: { type: "string", valueHint: "run", description: "Jobs of this run" },
  search: {
    type: "string",
    valueHint: "query",
    description: "Text of the key, and id: format: error: cause: run: lane: state: age:>1h at:FROM..TO attempts:>3",
  },
} as const satisfies Record<string, Flag>;

/** What was given of them, for a query or a filter in a body. */
export function readFilter(args: Arguments) {
  // `options` of the flags let nothing else through.
  const state = args.list("state") as JobState[];
  const lane = args.list("lane") as Lane[];
  const run = args.text("run");
  const search = args.text("search");
  return {
    ...(state.length === 0 ? {} : { state }),
    ...(lane.length === 0 ? {} : { lane }),
    ...(run === null ? {} : { run }),
    ...(search === null ? {} : { search }),
  };
}

/** The names of jobs, as `prewarm jobs` prints them. */
export const JOB_NAME = /^[0-9a-z]{11}$/;

export function checkJobNames(names: readonly string[]): string[] {
  const stray = names.find((name) => !JOB_NAME.test(name));
  if (stray !== undefined) throw usageError(`“${stray}” is no job; prewarm jobs lists them.`);
  return [...names];
}
