import type { AuditEntry } from "@prewarm/control-schema/audit";
import type { ImageAction } from "@prewarm/control-schema/image-actions";
import { fnv1a } from "@prewarm/shared/fnv1a";
import { encodeId } from "@prewarm/shared/variant-key";
import { amend, audit, lastAbout } from "../console/tables/audit.ts";
import type { ImageActionAnswer, ImageActionAsk } from "./calls.ts";
import type { ImageTx } from "./image-tx.ts";
import { purgeNow } from "./purge.ts";
import { remove } from "./removal.ts";
import { countRemovals, REMOVALS_MAX, removedAmong } from "./tables/removals.ts";
import { countFirstPasses } from "./tables/sweeps.ts";

/*
 * An image action purges or removes many images, in several calls. It is one entry of the log, whose details are its
 * only record.
 */

const KINDS = ["images.purge", "images.remove"] as const;
/** Ids that the log names. */
const NAMED = 3;

/** The details of an action's entry. */
interface Details {
  images: number;
  /** The first ids. */
  first: string[];
  label: string | null;
  reason: string | null;
  /** The numbers of its first and of its last purge. */
  purges: [number, number];
  /** The last call: the images before it, and the hash of its ids. */
  last: { from: number; hash: number };
}

/** Purges or removes the images of one call, all of them or none. A repeat of the call changes nothing. */
export function actOnImages(tx: ImageTx, ask: ImageActionAsk, who: string): ImageActionAnswer {
  const all = [...ask.ids, ...ask.also];
  const ids = all.map(encodeId);
  const removed = ask.kind === "remove" ? removedAmong(tx.sql, ids) : new Set<string>();
  const free = all.filter((_, n) => !removed.has(ids[n] ?? ""));
  const entry = lastAbout(tx, KINDS, ask.action);
  const had = entry === null ? null : (entry.details as unknown as Details);
  if (entry !== null && had !== null && isOther(entry, had, ask, who)) return { status: "conflict", free };
  const last = { from: ask.from, hash: fnv1a(ids.join()) };
  if (had?.last.from === last.from && had.last.hash === last.hash) return { status: "done" };
  if ((had?.images ?? 0) !== ask.from) return { status: "conflict", free };
  const room = REMOVALS_MAX - countRemovals(tx.sql);
  if (ask.kind === "remove" && free.length > room) return { status: "full", free };
  const seqs = purgeAll(tx, ids, ask, who);
  const [from, to] = [seqs[0] ?? 0, seqs.at(-1) ?? 0];
  const details: Details = {
    images: ask.from + ask.ids.length,
    first: [...(had?.first ?? []), ...ask.ids].slice(0, NAMED),
    label: ask.label,
    reason: ask.reason,
    purges: [had?.purges[0] ?? from, to],
    last,
  };
  if (entry === null) audit(tx, who, `images.${ask.kind}`, ask.action, { ...details });
  else amend(tx, entry.seq, { ...details });
  return { status: "done" };
}

/** The progress of an action. Null: there is no action with this id. */
export function getImageAction(tx: ImageTx, { action }: { action: string }): ImageAction | null {
  const entry = lastAbout(tx, KINDS, action);
  if (entry === null) return null;
  const { images, label, reason, purges } = entry.details as unknown as Details;
  // Purges by other operators between its calls are counted too.
  const left = Math.min(images, countFirstPasses(tx.sql, ...purges));
  const kind = entry.what === "images.remove" ? "remove" : "purge";
  return { action, kind, label, reason, images, left, createdAt: entry.at, who: entry.who };
}

/** The numbers of the purges. `ids`: encoded. */
function purgeAll(tx: ImageTx, ids: readonly string[], { kind, reason }: ImageActionAsk, who: string): number[] {
  tx.images.load(ids);
  if (kind === "purge") return ids.map((id) => purgeNow(tx, id));
  return ids.map((id) => remove(tx, { id, reason: reason ?? "", who, at: tx.now }));
}

/** Whether the id belongs to another action. */
function isOther(entry: AuditEntry, had: Details, { kind, reason }: ImageActionAsk, who: string): boolean {
  return entry.what !== `images.${kind}` || entry.who !== who || had.reason !== reason;
}
