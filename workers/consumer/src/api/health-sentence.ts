import { z } from "@hono/zod-openapi";
import { LEDGER_FULL_BYTES, LEDGER_LIMIT_BYTES, LEDGER_SHED_BYTES } from "@prewarm/shared/limits";
import type { Gate } from "./gate.ts";
import { time } from "./schema-words.ts";

export const health = z
  .object({
    level: z.enum(["ok", "warning", "problem"]),
    sentence: z.string().openapi({ example: "Healthy: nothing waits." }),
    since: time.nullable(),
  })
  .openapi("Health");
type Health = z.infer<typeof health>;

interface Circumstances {
  /** Of configuration and environment: whatever else is said, these are to be mended first. */
  faults: readonly string[];
  gate: Gate;
  ledgerBytes: number;
  open: number;
  dead: number;
  oldestMs: number | null;
  /** Jobs that ended per second. */
  storedPerSecond: number;
  failureRatio: number;
  etaSeconds: number | null;
}

/** Waiting for longer than this without any job stored is worth a warning, in ms. */
const STUCK_MS = 300_000;
const FAILURES_WARN = 0.2;

/** The state of everything in a sentence or two, worst news first. */
export function healthSentence(standing: Circumstances): Health {
  return problems(standing) ?? warnings(standing) ?? fine(standing);
}

function problems({ faults, gate, ledgerBytes, open }: Circumstances): Health | null {
  const [fault] = faults;
  if (fault !== undefined) {
    const more = faults.length === 1 ? "" : ` ${faults.length - 1} more: see /readyz.`;
    return problem(`The configuration is at fault. ${fault.replace(/[.!?]?$/, ".")}${more}`);
  }
  if (ledgerBytes > LEDGER_FULL_BYTES) {
    return problem(
      `The ledger holds ${gigabytes(ledgerBytes)} of ${gigabytes(LEDGER_LIMIT_BYTES)}: new bulk is refused. Views and uploads go on.`,
    );
  }
  const { breaker, budget } = gate;
  if (breaker.state !== "closed") {
    const probe = breaker.probeAt === null ? "" : ` One job is tried at ${clockTime(breaker.probeAt)}.`;
    const since = breaker.since === null ? "" : ` since ${clockTime(breaker.since)}`;
    const text = `${breakerText(breaker)} Everything waits${since}; viewers get originals.${probe}`;
    return { level: "problem", sentence: text, since: breaker.since };
  }
  if (budget.exhausted.live) {
    return problem(
      `The month's ${budget.monthlyJobs} jobs are spent. ${waiting(open)} until the budget is raised or the month ends; viewers get originals.`,
    );
  }
  return null;
}

function problem(sentence: string): Health {
  return { level: "problem", sentence, since: null };
}

function breakerText({ status, reason }: Gate["breaker"]): string {
  const meaning: Record<number, string> = { 401: "the key is not accepted", 402: "billing", 403: "not allowed" };
  if (status !== null && status in meaning) return `Ittybit answers ${status}: ${meaning[status]}.`;
  return reason === null ? "Ittybit fails too often." : `${reason.replace(/\.?$/, ".")}`;
}

function warnings({ gate, ledgerBytes, open, oldestMs, storedPerSecond, failureRatio }: Circumstances): Health | null {
  const paused = (["live", "upload", "bulk"] as const).filter((lane) => gate.paused[lane]);
  if (paused.length > 0) return warning(`Paused by an operator: ${paused.join(", ")}. ${waiting(open)}.`, null);
  if (gate.throttledUntil !== null) {
    return warning(
      `Ittybit asked us to slow down. New jobs go on at ${clockTime(gate.throttledUntil)}; ${waiting(open).toLowerCase()}.`,
      null,
    );
  }
  if (gate.budget.exhausted.warming)
    return warning("Warming's share of the month's jobs is spent: uploads and bulk wait, viewers' misses go on.", null);
  if (oldestMs !== null && oldestMs > STUCK_MS && storedPerSecond === 0) {
    return warning(`Nothing was stored lately, and the oldest job has waited for ${span(oldestMs)}.`, null);
  }
  if (failureRatio > FAILURES_WARN)
    return warning(`${Math.round(failureRatio * 100)} % of attempts failed in the last five minutes.`, null);
  if (ledgerBytes > LEDGER_SHED_BYTES)
    return warning(
      `The ledger holds ${gigabytes(ledgerBytes)} of ${gigabytes(LEDGER_LIMIT_BYTES)}: it keeps only what is needed, and takes no new bulk from ${gigabytes(LEDGER_FULL_BYTES)} on.`,
      null,
    );
  if (gate.budget.alert !== null)
    return warning(`${Math.round(gate.budget.alert * 100)} % of the month's jobs are used.`, null);
  return null;
}

function warning(sentence: string, since: number | null): Health {
  return { level: "warning", sentence, since };
}

function fine({ open, dead, oldestMs, etaSeconds }: Circumstances): Health {
  const letters = dead === 0 ? "" : ` ${dead} dead letter${dead === 1 ? "" : "s"} to look at.`;
  if (open === 0) return { level: "ok", sentence: `Healthy: nothing waits.${letters}`, since: null };
  const oldest = oldestMs === null ? "" : `, the oldest for ${span(oldestMs)}`;
  const eta = etaSeconds === null ? "" : `; done in about ${span(etaSeconds * 1000)}`;
  return {
    level: "ok",
    sentence: `Healthy: ${open} job${open === 1 ? "" : "s"} open${oldest}${eta}.${letters}`,
    since: null,
  };
}

function waiting(open: number): string {
  return open === 1 ? "1 job waits" : `${open} jobs wait`;
}

function gigabytes(bytes: number): string {
  return `${(bytes / 1e9).toFixed(1)} GB`;
}

function clockTime(at: number): string {
  return `${new Date(at).toISOString().slice(11, 16)} UTC`;
}

/** A span in its largest fitting unit: 40 s, 12 min, 3 h, 5 d. */
function span(ms: number): string {
  const seconds = Math.round(ms / 1000);
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  if (seconds < 172_800) return `${Math.round(seconds / 3600)} h`;
  return `${Math.round(seconds / 86_400)} d`;
}
