import type { Level, Part } from "@prewarm/control-schema/troubles";
import type { Facts } from "./facts.ts";
import {
  breaker,
  budget,
  hooksSpent,
  ledgerLarge,
  paused,
  restored,
  shed,
  sweepsLate,
  throttled,
  untold,
} from "./rules-of-parts.ts";
import { died, failing, origins, refusing, results, slow, stuck } from "./rules-of-work.ts";
import type { Found, Said } from "./said.ts";

/*
 * What of an installation does not do its work: each trouble is found by one rule, and nothing else judges.
 */

/** One kind of trouble. `part`, `level`, `cure` and `link` hold unless the rule says others. */
interface Rule {
  code: string;
  part: Part;
  level: Level;
  cure: string;
  link: string;
  past?: true;
  find(facts: Facts): readonly (Said | null)[];
}

/** Of troubles that are as bad and as old, the first comes first. */
const RULES: readonly Rule[] = [
  {
    code: "ledger",
    part: "queue",
    level: "problem",
    link: "/readyz",
    find: ledgerLarge,
    cure: "Finish or cancel bulk runs.",
  },
  {
    code: "restored",
    part: "queue",
    level: "warning",
    link: "/steering",
    find: restored,
    cure: "Nothing. Jobs go on two minutes after the restore.",
  },
  {
    code: "breaker",
    part: "ittybit",
    level: "problem",
    link: "/steering",
    find: breaker,
    cure: "Correct the Ittybit account. A test job finds that out; Reset the breaker to go on at once.",
  },
  {
    code: "results",
    part: "results",
    level: "warning",
    link: "/jobs?state=processing",
    find: results,
    cure: "Ask Ittybit about that host, or make its files public. Paid results are tried again.",
  },
  {
    code: "budget",
    part: "budget",
    level: "problem",
    link: "/steering",
    find: budget,
    cure: "Raise the budget, or wait for the next month.",
  },
  {
    code: "origin",
    part: "originals",
    level: "warning",
    link: "/jobs?state=retrying",
    find: origins,
    cure: "Correct the origin, then choose Try now.",
  },
  {
    code: "failing",
    part: "originals",
    level: "warning",
    link: "/jobs/causes?window=5m",
    find: failing,
    cure: "Remove the cause, then choose Try now.",
  },
  {
    code: "refusing",
    part: "originals",
    level: "warning",
    past: true,
    link: "/jobs/causes?window=1h",
    find: refusing,
    cure: "See the causes.",
  },
  {
    code: "died",
    part: "originals",
    level: "warning",
    link: "/jobs/causes?window=1h",
    past: true,
    find: died,
    cure: "Remove the cause, then choose Retry dead.",
  },
  {
    code: "slow",
    part: "ittybit",
    level: "warning",
    link: "/jobs?state=processing",
    find: slow,
    cure: "Nothing. If it lasts, ask Ittybit.",
  },
  {
    code: "stuck",
    part: "queue",
    level: "warning",
    link: "/jobs?state=queued",
    find: stuck,
    cure: "Look at /readyz, then at the Worker's log.",
  },
  {
    code: "throttled",
    part: "ittybit",
    level: "warning",
    link: "/steering",
    find: throttled,
    cure: "Nothing. If it repeats, lower the rate.",
  },
  {
    code: "hook",
    part: "hooks",
    level: "warning",
    link: "/system",
    find: hooksSpent,
    cure: "If you know these uploads, raise jobsPerDay of the hook and deploy. If not, replace its secret, and cancel the run.",
  },
  {
    code: "paused",
    part: "gate",
    level: "warning",
    link: "/steering",
    find: paused,
    cure: "Resume the lane once the reason is gone.",
  },
  {
    code: "sweeps",
    part: "store",
    level: "problem",
    link: "/system",
    find: sweepsLate,
    cure: "Look for queue.duty_failed in the log of the consumer: it says what R2 answered.",
  },
  {
    code: "untold",
    part: "edge",
    level: "warning",
    link: "/system",
    find: untold,
    cure: "Look for queue.duty_failed in the log of the consumer: it says what R2 answered.",
  },
  {
    code: "shed",
    part: "edge",
    level: "warning",
    link: "/usage",
    find: shed,
    cure: "See which images are asked for. Signed URLs are never held back.",
  },
];

/** Everything that the ledger knows to be wrong, in the order of the rules. */
export function troublesOf(facts: Facts): Found[] {
  return RULES.flatMap(({ find, code, past = false, ...of }) =>
    find(facts)
      .filter((said) => said !== null)
      .map(({ of: what, affects, ...said }) => ({
        key: what === undefined ? code : `${code}.${what}`,
        code,
        past,
        host: null,
        since: null,
        formats: [],
        ...of,
        cause: said.level ?? of.level,
        ...said,
        affects: { lanes: [], run: null, folder: null, count: 0, ...affects },
      })),
  );
}

/** What goes on before what is over, problems before warnings, then the newest first. Without a time it is of this moment. */
export function worstFirst<T extends Pick<Found, "past" | "level" | "since">>(troubles: readonly T[]): T[] {
  const order = { problem: 0, warning: 1, note: 4 };
  const rank = ({ past, level }: T) => (past ? 2 : 0) + order[level];
  const at = ({ since }: T) => since ?? Number.MAX_SAFE_INTEGER;
  return troubles.toSorted((a, b) => rank(a) - rank(b) || at(b) - at(a));
}
