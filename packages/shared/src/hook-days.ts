import type { HookConfig } from "./config.ts";
import { HOOK_JOBS_PER_DAY } from "./limits.ts";

/** The run of a hook's deliveries of a day (UTC, `2026-11-24`). It counts what the hook has ordered on that day. */
export function runOfHook(name: string, day: string): string {
  return `hook_${name}_${day}`;
}

/** The hook of a run that `runOfHook` named; null: the name is of another form. */
export function hookOfRun(run: string): string | null {
  return /^hook_(.+)_\d{4}-\d\d-\d\d$/.exec(run)?.[1] ?? null;
}

/** Jobs that a hook may order on a day. The configuration may be at fault, so that there is no such hook. */
export function jobsPerDay(hook: HookConfig | null | undefined): number {
  return hook?.jobsPerDay ?? HOOK_JOBS_PER_DAY;
}
