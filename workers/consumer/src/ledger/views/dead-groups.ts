import type { Lane } from "@prewarm/shared/job";
import { parseVariantKey } from "@prewarm/shared/variant-key";
import type { JobView } from "../api.ts";
import { READ_MAX } from "../protocol/find-rows.ts";
import { fingerprint } from "../protocol/fingerprint.ts";
import { errorOf } from "../protocol/match-row.ts";
import { listDeadMessages } from "../tables/dead-messages.ts";
import { readDead } from "../tables/find-jobs.ts";
import { DEAD, laneCode, type Row } from "../tables/row.ts";
import type { Tx } from "../tables/tx.ts";
import { counts, jobView } from "./views.ts";

/** Groups in one answer. */
const GROUPS_MAX = 200;
const MESSAGES_MAX = 50;

export interface DeadGroup {
  fingerprint: string;
  code: string;
  message: string;
  count: number;
  firstAt: number;
  lastAt: number;
  formats: Record<string, number>;
  sample: JobView;
}

/** Dead letters by cause, the largest group first: of the newest 10,000, which is all there are on most days. */
export function deadGroups(tx: Tx, lanes: Lane[], only: string | null): DeadGroup[] {
  const groups = new Map<string, DeadGroup>();
  const wanted = new Set<number>(lanes.map(laneCode));
  for (const row of readDead(tx.sql, READ_MAX)) {
    if (row.state !== DEAD || (wanted.size > 0 && !wanted.has(row.lane))) continue;
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

export function deadTotal(tx: Tx): number {
  return counts(tx).deadLetters;
}

/** Messages that nobody could read, newest first. */
export function deadMessages(tx: Tx) {
  return listDeadMessages(tx.sql, MESSAGES_MAX);
}
