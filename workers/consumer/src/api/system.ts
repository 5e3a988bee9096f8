import type { CodeVersion } from "@prewarm/control-schema/words";
import type { Caller } from "./access/caller.ts";
import type { ApiDeps } from "./deps.ts";
import type { Resource } from "./endpoint.ts";
import { problemsPage } from "./problem.ts";

/** Whether it runs, and whether it is of use. */
export const system = {
  "GET /api/v1/problems": ({ c }) => c.html(problemsPage()),
  "GET /healthz": () => ({ status: "ok" as const }),
  "GET /readyz": async ({ caller }, deps) => {
    const { version: ledger, faults } = await ledgerNow(deps);
    const reasons = [
      ...deps.configFaults.map((fault) => `config: ${fault}`),
      ...deps.environmentFaults.map((fault) => `environment: ${fault}`),
      ...faults,
    ];
    const versions = { version: deps.version, ledger };
    if (reasons.length === 0) return { status: 200, body: { status: "ready", ...versions } };
    tellLog(reasons, deps);
    // No stranger reaches a developer's machine, where `npm start` prints them.
    const told = (caller as Caller | undefined) === undefined && !deps.isLocal ? {} : { reasons };
    return { status: 503, body: { status: "not ready", ...versions, failing: reasons.length, ...told } };
  },
} satisfies Resource;

const logged = new WeakSet<ApiDeps["config"]>();

/** Once an isolate: where no token is set, nobody could learn the reasons otherwise. */
function tellLog(reasons: string[], deps: ApiDeps): void {
  if (logged.has(deps.config)) return;
  logged.add(deps.config);
  deps.log("api.not_ready", { reasons });
}

/** For this long an isolate repeats whether the ledger answered, in ms: anybody may ask, and each question is a call. */
const REPEAT_MS = 1000;
interface LedgerNow {
  version: CodeVersion | null;
  faults: string[];
}

const lately = new WeakMap<ApiDeps["config"], { at: number; said: Promise<LedgerNow> }>();

function ledgerNow(deps: ApiDeps): Promise<LedgerNow> {
  const now = deps.clock.now();
  const known = lately.get(deps.config);
  if (known !== undefined && now - known.at < REPEAT_MS) return known.said;
  const said = askLedger(deps);
  lately.set(deps.config, { at: now, said });
  return said;
}

async function askLedger({ ledger }: ApiDeps): Promise<LedgerNow> {
  try {
    return { version: (await ledger.about()).version, faults: [] };
  } catch {
    return { version: null, faults: ["The ledger does not answer."] };
  }
}
