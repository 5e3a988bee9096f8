import type { GateView } from "../ledger/contract.ts";
import type { Gate } from "./schemas/gate.ts";

/** The gate as the API shows it. */
export function gateAnswer({ slots: _, budget, ...view }: GateView): Gate {
  return { ...view, budget: { ...budget, alertLevels: [...budget.alertLevels] } };
}
