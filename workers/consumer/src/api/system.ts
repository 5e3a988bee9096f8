import { alive, notReady, ready } from "@prewarm/control-schema/system";
import type { CodeVersion } from "@prewarm/control-schema/words";
import type { Caller } from "./access/caller.ts";
import type { ApiDeps } from "./deps.ts";
import { anybody, open } from "./endpoint.ts";
import { answer, refusal } from "./responses.ts";

/** Whether it runs, and whether it is of use. */
export const system = [
  open(
    {
      method: "get",
      path: "/healthz",
      tags: ["system"],
      summary: "The Worker runs",
      security: [],
      responses: { 200: answer(alive, "It runs") },
    },
    (c) => c.json({ status: "ok" as const }, 200),
  ),
  anybody(
    {
      method: "get",
      path: "/readyz",
      tags: ["system"],
      summary: "The ledger answers, the configuration is whole and the Worker has what it needs",
      description: "A caller without a token learns how many checks fail, a caller with any token learns which.",
      security: [],
      responses: {
        200: answer(ready, "Ready"),
        401: refusal("A wrong token"),
        429: refusal("Too many wrong tokens from this network; see Retry-After"),
        503: answer(notReady, "Not ready"),
      },
    },
    async (c, deps) => {
      const { version: ledger, faults } = await ledgerNow(deps);
      const reasons = [
        ...deps.configFaults.map((fault) => `config: ${fault}`),
        ...deps.environmentFaults.map((fault) => `environment: ${fault}`),
        ...faults,
      ];
      const versions = { version: deps.version, ledger };
      if (reasons.length === 0) return c.json({ status: "ready" as const, ...versions }, 200);
      tellLog(reasons, deps);
      const caller = c.get("caller") as Caller | undefined;
      // No stranger reaches a developer's machine, where `npm start` prints them.
      const told = caller === undefined && !deps.isLocal ? {} : { reasons };
      return c.json({ status: "not ready" as const, ...versions, failing: reasons.length, ...told }, 503);
    },
  ),
];

const logged = new WeakSet<ApiDeps>();

/** Once an isolate: where no token is set, nobody could learn the reasons otherwise. */
function tellLog(reasons: string[], deps: ApiDeps): void {
  if (logged.has(deps)) return;
  logged.add(deps);
  deps.log("api.not_ready", { reasons });
}

/** For this long an isolate repeats whether the ledger answered, in ms: anybody may ask, and each question is a call. */
const REPEAT_MS = 1000;
interface LedgerNow {
  version: CodeVersion | null;
  faults: string[];
}

const lately = new WeakMap<ApiDeps, { at: number; said: Promise<LedgerNow> }>();

function ledgerNow(deps: ApiDeps): Promise<LedgerNow> {
  const now = deps.clock.now();
  const known = lately.get(deps);
  if (known !== undefined && now - known.at < REPEAT_MS) return known.said;
  const said = askLedger(deps);
  lately.set(deps, { at: now, said });
  return said;
}

async function askLedger({ ledger }: ApiDeps): Promise<LedgerNow> {
  try {
    return { version: (await ledger.about()).version, faults: [] };
  } catch {
    return { version: null, faults: ["The ledger does not answer."] };
  }
}
