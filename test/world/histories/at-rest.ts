import type { Finding } from "@prewarm/control-schema/doctor";
import { blockKey, encodeId, parseVariantKey, storeKey } from "@prewarm/shared/variant-key";
import type { HistoryWorld } from "./history-world.ts";
import { fenceOf, lookAt, WAITING } from "./ledger-look.ts";
import { partOf } from "./pictures.ts";

function* variants({ store }: HistoryWorld) {
  for (const [name, object] of store.objects) {
    if (!name.startsWith("variants/")) continue;
    yield { key: name.slice("variants/".length), bytes: object.bytes, gen: Number(object.customMetadata.gen) };
  }
}

/** I5, I6 and the bytes, before the doctor could mend them. */
export function checkObjects(world: HistoryWorld): void {
  const { sql, store, upstream, invariants } = world;
  const { bad, promises } = invariants;
  const { purgedBelow, floors, unsure, asked, kept, points, removed, told } = promises;
  const fence = fenceOf(sql);
  for (const { key, gen, bytes } of variants(world)) {
    const parsed = parseVariantKey(key);
    const id = parsed?.id ?? "";
    if (removed.has(id)) bad.push(`${key} stands though its image is removed (P20)`);
    if (parsed === null || !asked.has(key)) bad.push(`invented ${key}`);
    if (gen < (purgedBelow.get(id) ?? 0)) bad.push(`resurrected ${key} (I6)`);
    if (promises.mayBeOld(key) || world.wasEverRestored) continue;
    if (gen < Math.max(floors.get(key) ?? 0, fence(key))) bad.push(`${key} stands below its floor (I5)`);
    const width = parsed?.transform.width ?? 0;
    // A version is named after the original that was there when it was ordered.
    const from = Math.max(unsure.has(id) ? 0 : (told.get(id) ?? 0), Number(parsed?.v ?? 0));
    if (!upstream.mayShow(bytes, { image: id, from, width, part: partOf(width, points.get(id) ?? null) }))
      bad.push(`stale bytes of ${key}, generation ${gen} (P16)`);
  }
  for (const id of removed.keys())
    if (!store.objects.has(blockKey(encodeId(id)))) bad.push(`the block of ${id} is gone (P20)`);
  for (const key of kept) if (!store.objects.has(storeKey(key))) bad.push(`object lost: ${key} (I1)`);
}

/** What the doctor may find: what hands, or orders that ended without bytes, have left. The system by itself leaves nothing for it. */
export function excusedFindings(world: HistoryWorld): (finding: Finding) => boolean {
  const { promises } = world.invariants;
  return ({ code, examples }) => {
    // A handler that dies may leave a marker, and its variants unnoted.
    if (code === "marker_stale" || code === "note_differs") return true;
    if (code !== "object_below_floor") return false;
    return world.wasEverRestored || examples.every((key) => promises.mayBeOld(key));
  };
}

/** I8, P10, the gate file, and nothing left over, once all is still. */
export function checkRest(world: HistoryWorld): void {
  const { sql, invariants } = world;
  const { bad, promises, mayDie } = invariants;
  invariants.committed();
  invariants.checkGate();
  for (const { key, state, error } of lookAt(sql).rows.values())
    if (state === 2 && !mayDie) bad.push(`${key} is dead without a cause: ${error}`);
  for (const [key, askers] of promises.wants) bad.push(`lost: ${key}, promised to ${[...askers]} (I1)`);
  for (const table of ["owners", "claims", "sweeps", "outbox"]) {
    const rows = sql.exec(`SELECT * FROM ${table}`);
    if (rows.length > 0) bad.push(`left in ${table}: ${JSON.stringify(rows)}`);
  }
  for (const { id } of sql.exec("SELECT id FROM runs WHERE open > 0")) bad.push(`run ${id} is open`);
}

/** What is still to be done: "" at rest. */
export function whatIsLeft({ sql }: HistoryWorld): string {
  const rows = [...lookAt(sql).rows.values()].filter(({ state }) => state <= WAITING + 1);
  const tables = ["owners", "claims", "sweeps", "outbox"].map((table) => sql.exec(`SELECT * FROM ${table}`));
  const walks = [
    sql.exec("SELECT * FROM actions WHERE state = 'running'"),
    sql.exec("SELECT * FROM runs WHERE cancel_cursor > 0"),
  ];
  const left = [rows, ...tables, ...walks].filter((some) => some.length > 0);
  return left.length === 0 ? "" : JSON.stringify(left);
}
