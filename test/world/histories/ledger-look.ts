import type { Sql } from "@prewarm/durable-queue";
import { encodedIdOfKey, keyOfJob } from "@prewarm/shared/variant-key";

/* The ledger's tables as any reader of the database would read them: what the judges go by is no code of the ledger's. */

export const [WAITING, CANCELLING, DEAD, REFUSED, CANCELLED, STORED, RETRYING] = [0, 1, 2, 3, 4, 5, 6];
/** A lane; 0 is live, and 1 upload. */
export const BULK = 2;

export interface RowLook {
  id: number;
  key: string;
  lane: number;
  run: number;
  /** 1: `joins` may have further subscribers. */
  joined: number;
  state: number;
  gen: number;
  floor: number;
  due: number | null;
  attempts: number;
  unclear: number;
  crashes: number;
  error: string | null;
  created: number;
  updated: number;
}

export interface ClaimLook {
  /** Empty: it has no owner. */
  owner: string;
  /** Its owner has left, or is unknown. */
  orphaned: boolean;
  /** The end of its owner's lease, Unix ms, as it was written last: the true end is up to 20 s later. */
  until: number;
  id: number;
  gen: number;
  admitted: boolean;
  /** The id of its job, which is written when the claim has no owner. */
  job: string | null;
  admittedAt: number;
  lane: number;
}

/** All that a transaction may have changed, at one time. */
export interface Look {
  rows: Map<number, RowLook>;
  /** Claims that are not abandoned. */
  claims: ClaimLook[];
  /** Generations that were abandoned, and those of them whose job was never reported. */
  abandoned: Set<number>;
  untold: Set<number>;
}

export const noLook = (): Look => ({ rows: new Map(), claims: [], abandoned: new Set(), untold: new Set() });

/** All jobs without bytes. */
export function jobsIn(sql: Sql): RowLook[] {
  return sql.exec("SELECT * FROM jobs").map((raw) => {
    const key = keyOfJob({ group: String(raw.grp), part: String(raw.part) });
    return { ...raw, key } as unknown as RowLook;
  });
}

export function lookAt(sql: Sql): Look {
  const look = noLook();
  for (const row of jobsIn(sql)) {
    look.rows.set(row.id, row);
  }
  const query = `SELECT gen, job AS id, state, owners.name, lease_until, external_id AS job, admitted_at, lane
    FROM claims LEFT JOIN owners ON owners.name = claims.owner ORDER BY gen`;
  for (const { gen, id, state, name, lease_until, job, admitted_at, lane } of sql.exec(query)) {
    if (state === "abandoned") {
      look.abandoned.add(Number(gen));
      if (job === null) look.untold.add(Number(gen));
      continue;
    }
    const held = { owner: String(name ?? ""), orphaned: name === null, until: Number(lease_until ?? 0) };
    const made = {
      admitted: state === "admitted",
      job: job === null ? null : String(job),
      admittedAt: Number(admitted_at),
    };
    look.claims.push({ ...held, ...made, id: Number(id), gen: Number(gen), lane: Number(lane) });
  }
  return look;
}

export interface GateLook {
  paused: string[];
  breaker: { state: string; until: number; probe: { gen: number; until: number } | null };
  throttledUntil: number;
  /** The ledger was put back, and hands nothing out until then. */
  closedUntil: number;
}

export function gateLook(sql: Sql): GateLook {
  const body = sql.exec("SELECT body FROM docs WHERE name = 'gate'")[0]?.body;
  const open = { paused: [], breaker: { state: "closed", until: 0, probe: null }, throttledUntil: 0, closedUntil: 0 };
  if (body === undefined) return open;
  const { pauses, ...gate } = JSON.parse(String(body)) as Omit<GateLook, "paused"> & { pauses: object };
  return { ...gate, paused: Object.keys(pauses) };
}

/** Floor of each image, by its encoded id; names of this world need no encoding. */
export function floorsOf(sql: Sql): Map<string, number> {
  return new Map(sql.exec("SELECT id, floor FROM images").map(({ id, floor }) => [String(id), Number(floor)]));
}

/** What objects of the key must not be older than: its image's floor, and for a crop the last change of the point. */
export function fenceOf(sql: Sql): (key: string) => number {
  const floors = floorsOf(sql);
  const points = new Map(sql.exec("SELECT id, fence FROM focals").map(({ id, fence }) => [String(id), Number(fence)]));
  return (key) => {
    const id = encodedIdOfKey(key);
    return Math.max(floors.get(id) ?? 0, key.includes("-cover-") ? (points.get(id) ?? 0) : 0);
  };
}
