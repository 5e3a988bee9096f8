import { dayOf } from "./gate-state.ts";
import type { LaneCode, Row } from "./row.ts";
import { int, intOrNull, type SqlRow, type SqlValue, text, textOrNull } from "./sql.ts";

/**
 * `prefetched`: handed to an owner that prepares it; it has no slot. `admitted`: it has a slot, and may be POSTed.
 * `abandoned`: given up, and its external job may still run, so it keeps its slot.
 */
export type ClaimState = "prefetched" | "admitted" | "abandoned";

/** One generation of a job that an owner prepares or makes. A job has at most one claim that is not abandoned. */
export interface Claim {
  /** The job's row. 0: unknown, after a restore. */
  id: number;
  gen: number;
  state: ClaimState;
  /** Null: orphaned or abandoned. */
  owner: Owner | null;
  /** The owner is the first owner of this generation. */
  first: boolean;
  /** The id of its external job. Null: not reported. The row has it from the time the claim has no owner. */
  externalId: string | null;
  /** An orphaned claim is not handed out before this time, Unix ms. */
  due: number;
  /** Unix ms of the first admission. 0: not admitted, or not known. */
  admittedAt: number;
  /** The highest lane that asked for the job. */
  lane: LaneCode;
  /** The lane whose share of the budget paid. */
  paidBy: LaneCode;
  /** An abandoned claim without a known external job keeps its slot until this time, Unix ms. */
  until: number;
  /** Since when its result could not be fetched, Unix ms. Null: no fetch has failed. */
  unfetchedSince: number | null;
  /* In memory only: */
  /** When the service says that it made the job, Unix ms by its clock. Null: the owner has not told. */
  createdAt: number | null;
  /** When this instance heard the job's id, so that the service had made it. Unix ms; 0: not yet. */
  heardAt: number;
  /** It may be POSTed from this time on, Unix ms. */
  notBefore: number;
  /** The owner has reported that it can POST. */
  ready: boolean;
  /** A prefetched claim that is written, because its job is to be cancelled when the owner has stopped. */
  kept: boolean;
  /** Its job was found in the service's list; the owner has not reported it. */
  foundByPoller: boolean;
  /** Its row as it was when it was admitted. Null: it was not, or another instance has admitted it. */
  admitted: Row | null;
  /** Its admission was taken back, because no job was made. */
  refunded: boolean;
}

export type Role = "urgent" | "work";

/** One handler with a lease on its claims. */
export interface Owner {
  name: string;
  /** The end of the lease, Unix ms. */
  until: number;
  role: Role;
  /* In memory only: */
  /** The claims of this owner, by the row of the job. */
  claims: Map<number, Claim>;
  /** The highest number of its calls (`ExchangeRequest.seq`) that this instance has heard. 0: none. */
  heard: number;
  /** The instance of the queue that renewed the lease last. 0: an earlier instance. */
  instance: number;
  /** It takes no new jobs. */
  draining: boolean;
  /** It holds a quarantined job, and takes no other. */
  exclusive: boolean;
  /** It leaves within seconds. */
  brief: boolean;
}

/** The columns of a claim, in the order of `valuesOf`. */
export const COLUMNS = [
  ...(["gen", "job", "state", "owner", "lane", "paid_by", "first", "admitted_at", "external_id"] as const),
  ...(["due", "until", "unfetched_since"] as const),
];

/** A claim from its row. A claim without an owner may have been POSTed, so its next owner is not the first. */
export function claimFrom(raw: SqlRow, owner: Owner | null): Claim {
  return {
    gen: int(raw.gen),
    id: int(raw.job),
    state: text(raw.state) as ClaimState,
    first: owner !== null && int(raw.first) === 1,
    owner,
    lane: int(raw.lane),
    paidBy: int(raw.paid_by),
    admittedAt: int(raw.admitted_at),
    externalId: textOrNull(raw.external_id),
    due: int(raw.due),
    until: int(raw.until),
    unfetchedSince: intOrNull(raw.unfetched_since),
    notBefore: int(raw.admitted_at),
    ready: false,
    kept: raw.state === "prefetched",
    foundByPoller: false,
    createdAt: null,
    heardAt: 0,
    admitted: null,
    refunded: false,
  };
}

/** Whether an eviction does not forget the claim. */
export function hasRow({ state, kept }: Claim): boolean {
  return state !== "prefetched" || kept;
}

/** The values of COLUMNS, in order. */
export function valuesOf(claim: Claim): SqlValue[] {
  const { gen, id, state, owner, lane, paidBy, first, admittedAt, externalId, due, until, unfetchedSince } = claim;
  const told = [owner?.name ?? null, lane, paidBy, first ? 1 : 0, admittedAt, externalId];
  return [gen, id, state, ...told, due, until, unfetchedSince];
}

/** A claim that is not admitted. */
export function newClaim({ id, gen, lane }: Pick<Claim, "id" | "gen" | "lane">, owner: Owner | null = null): Claim {
  return {
    id,
    gen,
    lane,
    owner,
    state: "prefetched",
    first: false,
    externalId: null,
    due: 0,
    admittedAt: 0,
    paidBy: lane,
    until: 0,
    unfetchedSince: null,
    notBefore: 0,
    ready: false,
    kept: false,
    foundByPoller: false,
    createdAt: null,
    heardAt: 0,
    admitted: null,
    refunded: false,
  };
}

/** The day whose budget paid, `2026-11-25`. */
export function paidOn({ admittedAt }: Claim): string {
  return dayOf(admittedAt);
}

/** Whether the time of an abandoned claim has passed. A known job keeps its slot whatever its age: slow is not stuck. */
export function isOver({ externalId, until }: Claim, now: number): boolean {
  return externalId === null && until < now;
}
