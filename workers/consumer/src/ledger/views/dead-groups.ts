import type { Lane } from "@prewarm/shared/job";
import { parseVariantKey } from "@prewarm/shared/variant-key";
import type { DeadGroup, DeadMessage, DeadView, JobFilter } from "../contract.ts";
import { READ_MAX } from "../protocol/find-rows.ts";
import { fingerprint } from "../protocol/fingerprint.ts";
import { stateCounts } from "../protocol/job-state.ts";
import { errorOf } from "../protocol/match-row.ts";
import { listDeadMessages } from "../tables/dead-messages.ts";
import { readEnded } from "../tables/find-jobs.ts";
import { DEAD, laneCode, type Row } from "../tables/row.ts";
import type { Tx } from "../tables/tx.ts";
import { listJobs } from "./job-list.ts";
import { jobView } from "./jobs.ts";

/** Groups in one answer. */
const GROUPS_MAX = 200;
const MESSAGES_MAX = 50;

/** The page of dead letters: causes, one cause's jobs, and messages that nobody could read. */
export function deadView(
  tx: Tx,
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

/** Dead letters by cause, the largest group first: of 10,000, which is all there are on most days. */
function deadGroups(tx: Tx, lanes: Lane[], only: string | null): DeadGroup[] {
  const groups = new Map<string, DeadGroup>();
  const wanted = new Set<number>(lanes.map(laneCode));
  for (const row of readEnded(tx.sql, DEAD, READ_MAX)) {
    if (wanted.size > 0 && !wanted.has(row.lane)) continue;
    const failure = errorOf(row) ?? { code: "unknown", message: "" };
    const name = fingerprint(failure.code, failure.message);
    if (only === null || name === only) addToGroup(tx, groups, name, row, failure);
  }
  return [...groups.values()].sort((a, b) => b.count - a.count).slice(0, GROUPS_MAX);
}

function addToGroup(
  tx: Tx,
  groups: Map<string, DeadGroup>,
  name: string,
  row: Row,
  failure: { code: string; message: string },
): void {
  const at = row.updated || row.created;
  const group = groups.get(name) ?? {
    fingerprint: name,
    ...failure,
    count: 0,
    firstAt: at,
    lastAt: at,
    formats: {},
    sample: jobView(tx, row),
  };
  group.count += 1;
  group.firstAt = Math.min(group.firstAt, at);
  group.lastAt = Math.max(group.lastAt, at);
  const format = parseVariantKey(row.key)?.transform.format ?? "unknown";
  group.formats[format] = (group.formats[format] ?? 0) + 1;
  groups.set(name, group);
}

/** Messages that nobody could read, newest first. */
function deadMessages(tx: Tx): DeadMessage[] {
  return listDeadMessages(tx.sql, MESSAGES_MAX);
}
