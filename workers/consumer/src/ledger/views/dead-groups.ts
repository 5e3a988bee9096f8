import type { DeadMessage, JobFilter } from "@prewarm/durable-queue/calls";
import { countCauses } from "@prewarm/durable-queue/operate/causes";
import { stateCounts } from "@prewarm/durable-queue/operate/job-state";
import { listDeadMessages } from "@prewarm/durable-queue/schema/dead-messages";
import type { Lane } from "@prewarm/shared/job";
import type { DeadGroupView, DeadView } from "../contract.ts";
import type { LedgerTx } from "../ledger-tx.ts";
import { causeViews } from "./causes.ts";
import { listJobs } from "./job-list.ts";

/** Groups in one answer. */
const GROUPS_MAX = 200;
const MESSAGES_MAX = 50;

/** The page of dead letters: causes, one cause's jobs, and messages that nobody could read. */
export function deadView(
  tx: LedgerTx,
  {
    fingerprint: cause,
    lanes,
    cursor,
    limit,
  }: { fingerprint: string | null; lanes: Lane[]; cursor: string | null; limit: number },
): DeadView {
  const { live, upload, bulk } = stateCounts(tx).dead;
  return {
    total: live + upload + bulk,
    groups: deadGroups(tx, lanes, cause),
    ...(cause === null ? { jobs: [], next: null } : listJobs(tx, deadOf(cause, lanes), { cursor, limit })),
    messages: deadMessages(tx),
  };
}

function deadOf(cause: string, lanes: Lane[]): JobFilter {
  const any = { run: null, id: null, format: null, error: null, text: [], jobs: null };
  return { ...any, states: ["dead"], lanes, fingerprint: cause };
}

/** Dead letters by cause, the largest group first. */
function deadGroups(tx: LedgerTx, lanes: Lane[], only: string | null): DeadGroupView[] {
  const all = countCauses(tx, { states: ["dead"], lanes, run: null, from: 0, parts: 1, view: true });
  const causes = all.filter((cause) => only === null || cause.fingerprint === only).slice(0, GROUPS_MAX);
  return causeViews(tx, causes).map(({ fingerprint, code, message, count, first, last, formats, sample }) => {
    return { fingerprint, code, message, count, firstAt: first, lastAt: last, formats, sample };
  });
}

/** Messages that nobody could read, newest first. */
function deadMessages(tx: LedgerTx): DeadMessage[] {
  return listDeadMessages(tx.sql, MESSAGES_MAX);
}
