import { ApiError } from "@prewarm/shared/api-errors";
import { errorText } from "@prewarm/shared/log";
import { runDoctor } from "../doctor/run-doctor.ts";
import { LedgerUnavailable } from "../ledger/ledger-unavailable.ts";
import type { Resource } from "./endpoint.ts";

export const doctor = {
  "POST /api/v1/doctor": async ({ body: { restored, ...asked }, caller: { who } }, deps) => {
    if (restored) await deps.ledger.restored(who, {}, null);
    try {
      return await runDoctor(deps, { ...asked, who });
    } catch (error) {
      if (error instanceof LedgerUnavailable) throw error;
      // R2 did not answer. Nothing is lost: the caller comes again with the same cursor.
      deps.log("doctor.failed", { error: errorText(error) });
      throw new ApiError("unavailable", { detail: "The store does not answer. Try again.", retryAfterSeconds: 5 });
    }
  },
} satisfies Resource;
