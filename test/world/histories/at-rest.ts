import { idOfKey, parseVariantKey, storeKey } from "@prewarm/shared/variant-key";
import type { Finding } from "../../../workers/consumer/src/ledger/contract.ts";
import type { HistoryWorld } from "./history-world.ts";

const [STORED, DEAD, CANCELLED] = [3, 4, 5];

const OVERDUE_MS = 600_000;

/** What the alarm does when its time comes is done soon after, unless somebody took the alarm. */
export function checkOverdue({ sql, clock, object, invariants }: HistoryWorld): void {
  if (object.isForgotten) return;
  const before = clock.now() - OVERDUE_MS;
  for (const [table, column] of [
    ["claims", "until"],
    ["purges", "again_at"],
    ["outbox", "due"],
  ]) {
    const late = sql.exec(`SELECT * FROM ${table} WHERE ${column} < ?`, before);
    if (late.length > 0) invariants.violation(`overdue in ${table}: ${JSON.stringify(late)} (P1, P11)`);
  }
}

function* variants({ store }: HistoryWorld) {
  for (const [name, object] of store.objects) {
    if (!name.startsWith("variants/")) continue;
    yield { key: name.slice("variants/".length), bytes: object.bytes, gen: Number(object.customMetadata.gen) };
  }
}

/** I6, before the doctor could mend it. A key that a hand has made absent may rightly have taken a late put. */
export function checkPurged(world: HistoryWorld): void {
  const { purgedBelow, deleted, bad } = world.invariants;
  for (const { key, gen } of variants(world)) {
    if (gen < (purgedBelow.get(idOfKey(key)) ?? 0) && !deleted.has(key)) bad.push(`survived its purge ${key} (I6)`);
  }
}

/**
 * What the doctor may find: what hands or pruning did. The system by itself leaves nothing for it. To be asked before it mends.
 * Of keys without a stored row an object may rightly be outdated (pruned, dead, cancelled).
 */
export function excusedFindings({ sql, invariants: { deleted } }: HistoryWorld): (finding: Finding) => boolean {
  const stored = new Set(sql.exec("SELECT key FROM jobs WHERE state = 3").map(({ key }) => String(key)));
  return ({ code, examples }) => {
    const wrong = examples.filter((key) => {
      if (code === "row_without_object") return !deleted.has(key);
      // A hand that deletes makes the key absent again: a put that was on its way for minutes may then land.
      return code !== "object_below_floor" || (stored.has(key) && !deleted.has(key));
    });
    return code === "marker_stale" || (examples.length > 0 && wrong.length === 0);
  };
}

/** I1, I5, I6, I8, P10, the gate file and the bytes, once all is still and the doctor has been there. */
export function checkRest(world: HistoryWorld): void {
  world.invariants.committed();
  world.invariants.checkGate();
  checkRows(world);
  checkObjects(world);
  checkTables(world);
}

function checkRows({ sql, store, invariants }: HistoryWorld): void {
  const { bad, promised, wants, mayDie } = invariants;
  const rows = new Map(sql.exec("SELECT key, state, error FROM jobs").map((raw) => [String(raw.key), raw]));
  // A stored row is forgotten after three days: R2 is the record, and its bytes are judged below.
  for (const key of promised) if (!rows.has(key) && !store.objects.has(storeKey(key))) bad.push(`lost ${key} (I1)`);
  for (const [key, { state, error }] of rows) {
    if (Number(state) === DEAD && !mayDie) bad.push(`${key} is dead without a cause: ${error}`);
    if (Number(state) === STORED && !store.objects.has(storeKey(key))) bad.push(`${key} is stored nowhere`);
    const askers = [...(wants.get(key) ?? [])];
    if (Number(state) === CANCELLED && askers.length > 0)
      bad.push(`${key} is cancelled though promised to ${askers} (P10)`);
  }
}

function checkObjects(world: HistoryWorld): void {
  const { sql, upstream, invariants } = world;
  const { bad, asked, purgedBelow, unsure } = invariants;
  const floors = sql.exec(
    `SELECT j.key, max(j.floor, coalesce(i.floor, 0)) AS floor FROM jobs AS j
      LEFT JOIN images AS i ON j.key >= i.id || '/' AND j.key < i.id || '0' WHERE j.state = 3`,
  );
  const floorOf = new Map(floors.map(({ key, floor }) => [String(key), Number(floor)]));
  for (const { key, gen, bytes } of variants(world)) {
    const parsed = parseVariantKey(key);
    const id = parsed?.id ?? "";
    if (parsed === null || !asked.has(key)) bad.push(`invented ${key}`);
    if (gen < (purgedBelow.get(id) ?? 0)) bad.push(`resurrected ${key} (I6)`);
    if (gen < (floorOf.get(key) ?? 0)) bad.push(`stored below its floor ${key} (I5)`);
    const wanted = upstream.expected(id, parsed?.transform.width ?? 0);
    if (!unsure.has(id) && Buffer.compare(bytes, wanted) !== 0)
      bad.push(`corrupt or stale ${key} of generation ${gen} (P16)`);
  }
}

/** I8, and nothing left over. */
function checkTables({ sql, invariants: { bad } }: HistoryWorld): void {
  for (const table of ["claims", "purges", "abandoned", "outbox"]) {
    const rows = sql.exec(`SELECT * FROM ${table}`);
    if (rows.length > 0) bad.push(`left in ${table}: ${JSON.stringify(rows)}`);
  }
  const counted = JSON.stringify(sql.exec("SELECT state, lane, n FROM counters WHERE n <> 0 ORDER BY state, lane"));
  const real = sql.exec("SELECT state, lane, count(*) AS n FROM jobs GROUP BY state, lane ORDER BY state, lane");
  if (counted !== JSON.stringify(real)) bad.push(`counters ${counted} but rows ${JSON.stringify(real)} (I8)`);
  for (const { id, states } of sql.exec("SELECT id, states FROM runs"))
    if (/-/.test(String(states))) bad.push(`run ${id} counts ${states}`);
}
