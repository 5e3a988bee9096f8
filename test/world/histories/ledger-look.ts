import type { Sql } from "../../../workers/consumer/src/ledger/tables/sql.ts";

/* The ledger's tables as any reader of the database would read them: what the judges go by is no code of the ledger's. */

export const [WAITING, CANCELLING, DEAD, REFUSED, CANCELLED, STORED, RETRYING] = [0, 1, 2, 3, 4, 5, 6];
export const [LIVE, UPLOAD, BULK] = [0, 1, 2];

export interface RowLook {
  id: number;
  key: string;
  lane: number;
  run: number;
  state: number;
  gen: number;
  floor: number;
  due: number | null;
  attempts: number;
  unclear: number;
  crashes: number;
  error: string | null;
  created: number;
}

export interface EntryLook {
  owner: string;
  /** Its document is nobody's. */
  over: boolean;
  /** Unix ms, as it was written last: the true end is up to 20 s later. */
  until: number;
  id: number;
  gen: number;
  granted: boolean;
  job: string | null;
  grantedAt: number;
  lane: number;
}

/** Moves of counts that stand in a document, not yet folded. */
export interface SumsLook {
  counts: Record<string, number>;
  runs: Record<string, { states: number[] }>;
  recent: unknown[];
}

/** All that a transaction may have changed, at one time. */
export interface Look {
  rows: Map<number, RowLook>;
  entries: EntryLook[];
  sums: SumsLook[];
  /** Generations given up, and those of them whose job nobody has told. */
  abandoned: Set<number>;
  untold: Set<number>;
}

export const noLook = (): Look => ({ rows: new Map(), entries: [], sums: [], abandoned: new Set(), untold: new Set() });

type Packed = [number, number, 0 | 1, string | null, number, number, number, string, number];

export function lookAt(sql: Sql): Look {
  const look = noLook();
  for (const raw of sql.exec("SELECT * FROM jobs")) look.rows.set(Number(raw.id), raw as unknown as RowLook);
  for (const raw of sql.exec("SELECT owner, until, over, body FROM hands")) {
    const { entries, sums } = JSON.parse(String(raw.body)) as { entries: Packed[]; sums: SumsLook };
    look.sums.push(sums);
    const hand = { owner: String(raw.owner), over: raw.over === 1, until: Number(raw.until) };
    for (const [id, gen, , job, , grantedAt, lane] of entries)
      look.entries.push({ ...hand, id, gen, granted: grantedAt > 0, job, grantedAt, lane });
  }
  for (const { gen, job } of sql.exec("SELECT gen, job FROM abandoned")) {
    look.abandoned.add(Number(gen));
    if (job === null) look.untold.add(Number(gen));
  }
  return look;
}

export interface GateLook {
  paused: string[];
  breaker: { state: string; until: number; probe: { gen: number; until: number } | null };
  throttledUntil: number;
  /** The ledger was put back, and hands nothing out until then. */
  heldUntil: number;
}

export function gateLook(sql: Sql): GateLook {
  const body = sql.exec("SELECT body FROM docs WHERE name = 'gate'")[0]?.body;
  const open = { paused: [], breaker: { state: "closed", until: 0, probe: null }, throttledUntil: 0, heldUntil: 0 };
  if (body === undefined) return open;
  const { pauses, ...gate } = JSON.parse(String(body)) as Omit<GateLook, "paused"> & { pauses: object };
  return { ...gate, paused: Object.keys(pauses) };
}

/** Floor of each image, by its encoded id; names of this world need no encoding. */
export function floorsOf(sql: Sql): Map<string, number> {
  return new Map(sql.exec("SELECT id, floor FROM images").map(({ id, floor }) => [String(id), Number(floor)]));
}
