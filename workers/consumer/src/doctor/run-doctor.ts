import type { Finding } from "../ledger/contract.ts";
import { Findings } from "../ledger/findings.ts";
import { errorText, type Log } from "../platform/log.ts";
import { type DoctorDeps, examineSlice } from "./examine-slice.ts";

/** A request's share: a caller comes again with the cursor. Each slice makes up to six calls of the invocation's 1,000. */
const SLICES_MAX = 100;
const BUDGET_MS = 15_000;

export interface DoctorReport {
  findings: Finding[];
  /** Where to go on; null: everything was looked at. */
  nextCursor: string | null;
}

/** Looks at as much as a request has time for, from `cursor` on ("" for the beginning). */
export async function runDoctor(
  deps: DoctorDeps,
  { fix, cursor, who }: { fix: boolean; cursor: string; who: string },
): Promise<DoctorReport> {
  const deadline = deps.clock.now() + BUDGET_MS;
  const findings = new Findings(fix);
  let from: string | null = cursor;
  for (let slice = 0; from !== null && slice < SLICES_MAX && deps.clock.now() < deadline; slice += 1) {
    const answer = await examineSlice(deps, { from, fix, keep: false, who });
    for (const finding of answer.findings) findings.merge(finding);
    from = answer.to;
  }
  return { findings: findings.list(), nextCursor: from };
}

/** The cron's share: one slice, mended, from where the last one ended; none while the walk rests. Never throws. */
export async function doctorTick(deps: DoctorDeps & { log: Log }): Promise<void> {
  try {
    const from = await deps.ledger.doctorFrom();
    if (from === null) return;
    const { findings, to } = await examineSlice(deps, { from, fix: true, keep: true, who: "doctor" });
    for (const { code, count, examples } of findings) deps.log("doctor.fixed", { code, count, examples });
    if (to === null) deps.log("doctor.pass_ended", {});
  } catch (error) {
    // The next minute goes on from the same place.
    deps.log("doctor.failed", { error: errorText(error) });
  }
}
