import { type CheckOptions, type CheckSession, type Finding, openSession } from "./check-session.ts";
import { checkErrors, checkKeys, checkMainJob, checkOutput, checkReplay } from "./essentials.ts";
import { observeContain, observeEnlarging, observeLists, observeQuality } from "./observations.ts";

export interface CheckReport {
  /** Whether every essential holds. */
  passed: boolean;
  findings: Finding[];
  calls: number;
}

async function runAll(session: CheckSession): Promise<void> {
  await checkKeys(session);
  await checkErrors(session);
  const main = await checkMainJob(session);
  const highBytes = await checkOutput(session, main);
  await checkReplay(session, main);
  await observeEnlarging(session);
  await observeContain(session);
  await observeQuality(session, highBytes);
  await observeLists(session, main);
}

/** Checks a service with four jobs (five, where a known key with another body makes one) and about thirty calls. */
export async function runCheck(options: CheckOptions): Promise<CheckReport> {
  const session = await openSession(options);
  try {
    await runAll(session);
  } catch (cause) {
    session.expect("the check runs to its end", false, cause instanceof Error ? cause.message : String(cause));
  }
  const passed = session.findings.every(({ verdict }) => verdict !== "failed");
  return { passed, findings: session.findings, calls: session.client.calls() };
}

const MARKS: Record<Finding["verdict"], string> = { ok: "ok  ", failed: "FAIL", noted: "    " };

export function formatReport({ findings, passed, calls }: CheckReport): string {
  const width = Math.max(...findings.map(({ name }) => name.length));
  const lines = findings.map(({ name, value, verdict }) => `${MARKS[verdict]} ${name.padEnd(width)}  ${value}`);
  const essentials = findings.filter(({ verdict }) => verdict !== "noted");
  const held = essentials.filter(({ verdict }) => verdict === "ok").length;
  return [
    ...lines,
    "",
    `${passed ? "passed" : "failed"}: ${held} of ${essentials.length} essentials, ${calls} calls`,
  ].join("\n");
}
