import { isLocked, newGeneration, WAITING } from "@prewarm/durable-queue";
import { jobOfKey } from "@prewarm/shared/variant-key";
import { UPLOAD } from "../queue-settings.ts";
import type { OpaquePng } from "./calls.ts";
import type { ImageTx } from "./image-tx.ts";

/**
 * Orders the JPEGs that PNGs of opaque pictures stand in for, outside any run, in the lane of the run whose job has
 * shown it. The PNG is served until then. A row of a newer generation needs no order, so a repeated call changes
 * nothing.
 */
export function makeJpegs(tx: ImageTx, pngs: readonly OpaquePng[]): void {
  const jobs = pngs.map(({ key, gen, run }) => ({ gen, run, key: jobOfKey(key) }));
  tx.rows.loadKeys(jobs.map(({ key }) => key));
  tx.loadGroups(jobs.map(({ key }) => key.group));
  for (const { key, gen, run } of jobs) {
    const row = tx.rows.get(key);
    if (isLocked(tx, key) || (row !== null && (row.state !== WAITING || row.gen > gen))) continue;
    const lane = run === null ? UPLOAD : (tx.runs.byId(run)?.lane ?? UPLOAD);
    const made = row ?? tx.insert(key, lane);
    if (row === null) tx.onEvent({ kind: "accepted" }, made);
    else newGeneration(tx, row);
    made.floor = gen + 1;
    made.due = tx.now;
  }
}
