import { type Breaker, CLOSED_BREAKER, type GateState } from "../tables/gate-state.ts";
import type { Row } from "../tables/row.ts";
import { LEASE_MS } from "../times.ts";
import type { QueueTx } from "../tx/queue-tx.ts";
import { opened } from "./breaker.ts";

/*
 * Each origin, a server that inputs come from, has a breaker of its own. While it is open, one job at a time is handed
 * out whose input comes from there: the probe. So an outage of hours costs attempts of a few jobs only.
 */

/**
 * An origin has a fault when it has answered for no input since the first failure, and a few groups failed for a while,
 * or many did. Groups are counted, because one input that is refused says nothing about the others. Chosen.
 */
const ALL_FAIL = { few: 3, forMs: 10_000, many: 20 };
/** The first and the longest time between two probes of an origin. Chosen. */
const PROBE_WAIT_MS = { first: 30_000, longest: 600_000 };
/** Origins that are remembered at once. More of them fail without a breaker. Chosen. */
const ORIGINS_MAX = 100;
/** An open breaker is forgotten when no job has probed its origin for this long, because no job waits for it. Chosen. */
const FORGET_MS = 3_600_000;

/** Notes that the origin of a job's input failed. Opens its breaker if all of it fails, or if the job was the probe. */
export function originFailed(tx: QueueTx, { group, gen }: Pick<Row, "group" | "gen">, message: string): void {
  const { memory, now } = tx.gateNow;
  const origin = tx.originOf(group);
  if (origin === null) return;
  const failing = memory.failing.get(origin) ?? { since: now, groups: new Set() };
  if (failing.groups.size < ALL_FAIL.many) failing.groups.add(group);
  if (memory.failing.size < ORIGINS_MAX) memory.failing.set(origin, failing);
  const { origins } = tx.gate;
  const before = origins[origin];
  const isDown =
    failing.groups.size >= ALL_FAIL.many ||
    (failing.groups.size >= ALL_FAIL.few && now - failing.since >= ALL_FAIL.forMs);
  // Jobs that were handed out before the opening contain nothing new.
  if (before === undefined ? !isDown : before.probe?.gen !== gen) return;
  forgetOld(origins, now);
  if (before === undefined && Object.keys(origins).length >= ORIGINS_MAX) return;
  const why = { status: null, reason: message, until: 0 };
  origins[origin] = opened(before ?? CLOSED_BREAKER, why, now, PROBE_WAIT_MS);
}

function forgetOld(origins: GateState["origins"], now: number): void {
  for (const [origin, { until }] of Object.entries(origins)) if (until + FORGET_MS < now) delete origins[origin];
}

/** Notes that the origin of a group's inputs has answered for one a moment ago. Closes its breaker. */
export function originAnswered(tx: QueueTx, group: string): void {
  const { failing } = tx.memory.gate;
  if (failing.size === 0 && Object.keys(tx.gate.origins).length === 0) return;
  const origin = tx.originOf(group);
  if (origin === null) return;
  failing.delete(origin);
  delete tx.gate.origins[origin];
}

/** The service has the job, so the origin has answered. Only the job of a probe was looked at a moment ago. */
export function originProbeMade(tx: QueueTx, gen: number): void {
  const origin = probedBy(tx, gen);
  if (origin === null) return;
  tx.memory.gate.failing.delete(origin);
  delete tx.gate.origins[origin];
}

/** Releases a probe whose claim ended without a word about its origin; the next job is the probe. */
export function originProbeUnused(tx: QueueTx, gen: number): void {
  const breaker = tx.gate.origins[probedBy(tx, gen) ?? ""];
  if (breaker !== undefined) breaker.probe = null;
}

/** Makes a job the probe of its origin if the breaker of that is open. */
export function takeOriginProbe(tx: QueueTx, { group, gen }: Pick<Row, "group" | "gen">): void {
  const breaker = breakerOf(tx, group);
  if (breaker !== null) breaker.probe = { gen, until: tx.now + LEASE_MS };
}

/** An operator may have removed the cause: the next job of its origin is the probe. */
export function askOrigin(tx: QueueTx, group: string): void {
  const breaker = breakerOf(tx, group);
  if (breaker !== null) breaker.until = Math.min(breaker.until, tx.now);
}

/** The open breaker of the origin of a group's inputs. */
export function breakerOf(tx: QueueTx, group: string): Breaker | null {
  const { origins } = tx.gate;
  if (Object.keys(origins).length === 0) return null;
  return origins[tx.originOf(group) ?? ""] ?? null;
}

function probedBy(tx: QueueTx, gen: number): string | null {
  const found = Object.entries(tx.gate.origins).find(([, { probe }]) => probe?.gen === gen);
  return found?.[0] ?? null;
}
