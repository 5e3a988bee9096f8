import { type Emulator, type FaultRuleInput, startEmulator } from "@prewarm/ittybit-emulator/server";

type Fault = FaultRuleInput["fault"];

/** A job that Ittybit made: it is paid, whatever became of it. */
export interface PaidJob {
  /** In order of creation, from 1. */
  n: number;
  id: string;
  metadata: Record<string, string>;
  /** The storm failed it, or killed the edge while the job read its input there. A job that failed for another reason counts like any other. */
  fails: boolean;
}

/** What goes wrong with calls of the API, each with its part of the share. After half of the 500s the job exists. */
const CALL_FAULTS: readonly [Fault, number][] = [
  [{ type: "status", status: 500 }, 1 / 6],
  [{ type: "status", status: 500, acted: true }, 1 / 6],
  [{ type: "lost" }, 1 / 3],
  ...[4_000, 6_000, 8_000, 10_000].map((ms): [Fault, number] => [{ type: "late", ms }, 1 / 12]),
];
const RESULT_FAULTS = ["500", "403", "cut", "html", "untyped", "truncated"] as const;
/** Of jobs, a share of all faults: a failed job is paid, and no fault of ours. */
const FAILED_SHARE = 0.2;
const FAILURE = { kind: "encode_failed", message: "the storm failed this job" };
/** The local stack is killed whole, its edge too, and staged originals are read at the edge. Originals themselves are always there. */
const UNREAD = "the input could not be read: TypeError: fetch failed";
/** List pages go wrong more often: they are few. */
const LIST_TIMES = 4;

/** The weather: what goes wrong with calls, jobs and results, by the share of faults. */
function weather(share: number): FaultRuleInput[] {
  return [
    { on: "list", fault: { type: "shuffled" }, probability: Math.min(1, share * LIST_TIMES) },
    ...CALL_FAULTS.map(([fault, part]): FaultRuleInput => ({ on: "any", fault, probability: share * part })),
    { fault: { type: "failed", error: FAILURE }, probability: share * FAILED_SHARE },
    ...RESULT_FAULTS.map(
      (as): FaultRuleInput => ({ fault: { type: "output", as }, probability: share / RESULT_FAULTS.length }),
    ),
  ];
}

/** The storm's Ittybit, in the storm's own process: it survives every kill of the stack, and forgets no job. */
export function startIttybit({ seed, faults }: { seed: number; faults: number }): Promise<Emulator> {
  const jobMs = { min: 300, max: 1_500 };
  return startEmulator({ seed, jobMs, faults: weather(faults), maxJobs: Number.MAX_SAFE_INTEGER });
}

/** Every job that was made, oldest first. */
export function paidJobs({ control }: Emulator): PaidJob[] {
  const isOurs = (error: unknown): boolean =>
    [FAILURE.message, UNREAD].includes((error as Partial<typeof FAILURE> | null)?.message ?? "");
  const oldestFirst = control.jobs().reverse();
  return oldestFirst.map(({ id, metadata, error }, n) => ({
    n: n + 1,
    id,
    fails: isOurs(error),
    metadata: metadata as PaidJob["metadata"],
  }));
}

/** How often each fault has struck. */
export function struckFaults({ control }: Emulator): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { rule, fired } of control.faults()) {
    const name = rule.fault.type === "output" ? `result ${rule.fault.as}` : rule.fault.type;
    counts.set(name, (counts.get(name) ?? 0) + fired);
  }
  return counts;
}
