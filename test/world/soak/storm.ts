import type { FaultRuleInput } from "@prewarm/ittybit-emulator/server";

type Fault = FaultRuleInput["fault"];

function rules(on: FaultRuleInput["on"], chances: [Fault, number][]): FaultRuleInput[] {
  return chances.map(([fault, probability]) => ({ on, fault, probability }));
}

const CREATE: [Fault, number][] = [
  [{ type: "throttled", seconds: 2 }, 0.003],
  [{ type: "throttled", seconds: 5, retryAfter: "date" }, 0.002],
  [{ type: "throttled", retryAfter: "none" }, 0.001],
  [{ type: "status", status: 408 }, 0.003],
  [{ type: "status", status: 500 }, 0.01],
  [{ type: "html" }, 0.006],
  [{ type: "malformed" }, 0.005],
  [{ type: "hang" }, 0.003],
  [{ type: "reset" }, 0.006],
  [{ type: "lost" }, 0.012],
  [{ type: "delay", ms: 4_000 }, 0.01],
];

const READ: [Fault, number][] = [
  [{ type: "throttled", seconds: 3 }, 0.004],
  [{ type: "status", status: 500 }, 0.01],
  [{ type: "html" }, 0.006],
  [{ type: "malformed" }, 0.005],
  [{ type: "hang" }, 0.003],
  [{ type: "reset" }, 0.01],
];

const JOBS: [Fault, number][] = [
  // A job that is shown to run is waited for, whatever its age: this one is beyond every deadline of ours.
  [{ type: "slow", ms: 900_000 }, 0.003],
  [{ type: "slow", ms: 30_000 }, 0.02],
  [{ type: "failed" }, 0.01],
  [{ type: "failed", error: "no reason" }, 0.003],
  [{ type: "failed", error: null }, 0.002],
  [{ type: "cancelled" }, 0.006],
  [{ type: "wrong_dimension" }, 0.006],
  [{ type: "output_missing" }, 0.004],
  [{ type: "skew", ms: -86_400_000 }, 0.004],
  [{ type: "skew", ms: 86_400_000 }, 0.004],
];

const OUTPUTS = ["403", "404", "html", "truncated", "empty", "mislabelled", "chunked", "redirect"] as const;
/** A host that fails: its bytes are still there, so these pass. */
const HOST = ["500", "reset", "hang"] as const;

/** What goes wrong at the service: nothing, a little of everything, throttling beside it, or the whole account is refused. */
export type Trouble = "none" | "storm" | "throttled" | 401 | 402 | 403;

/** The faults of the emulator. */
export function rulesOf(trouble: Trouble): FaultRuleInput[] {
  if (trouble === "none") return [];
  if (trouble === "throttled") return throttleStorm();
  return trouble === "storm" ? stormRules() : refusedAccount(trouble);
}

/** The faults of the soak, each with its chance. Faults of a list or of an id are the storm's. */
function stormRules(): FaultRuleInput[] {
  return [
    ...rules("create", CREATE),
    ...rules("list", READ),
    ...rules("get", [...READ, [{ type: "status", status: 404 }, 0.01]]),
    ...rules("create", JOBS),
    ...rules(
      "create",
      OUTPUTS.map((as) => [{ type: "output", as }, 0.006]),
    ),
    ...HOST.map((as): FaultRuleInput => ({ fault: { type: "output", as }, probability: 0.006, times: 2, per: "job" })),
    ...rules("create", [[{ type: "output", as: "huge", bytes: 30_000_000 }, 0.0005]]),
  ];
}

/** The whole account is refused, whatever is asked. */
function refusedAccount(status: 401 | 402 | 403): FaultRuleInput[] {
  return [{ on: "any", fault: { type: "status", status } }, ...stormRules()];
}

/** Nearly every submission is throttled. */
function throttleStorm(): FaultRuleInput[] {
  return [{ on: "any", fault: { type: "throttled", seconds: 1 }, probability: 0.6 }, ...stormRules()];
}
