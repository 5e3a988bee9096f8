import type { Clock } from "@prewarm/shared/clock";
import { deadKey, parseVariantKey, storeKey } from "@prewarm/shared/variant-key";
import { fromCustomMetadata } from "@prewarm/shared/variant-metadata";
import type { Operators, SliceAnswer, StorePage } from "../ledger/contract.ts";

export interface DoctorDeps {
  /** `IMAGES_BUCKET`. */
  bucket: { list(options: R2ListOptions): Promise<R2Objects>; delete(keys: string[]): Promise<void> };
  ledger: Operators;
  clock: Clock;
}

export interface SliceOrder {
  /** Variant keys up to and including this one were looked at before; "" for the beginning. */
  from: string;
  fix: boolean;
  /** Keep the place reached for the next cron. */
  keep: boolean;
  who: string;
}

/**
 * One slice: a page of `variants/` and one of `dead/` (two list calls, up to 1,000 objects each), one call to the ledger; when something
 * is to be deleted, one or two delete calls and a second one to the ledger. Throws when R2 or the ledger does not answer; then nothing is lost.
 */
export async function examineSlice(deps: DoctorDeps, order: SliceOrder): Promise<SliceAnswer> {
  const { bucket, ledger, clock } = deps;
  const at = clock.now();
  const [stored, dead] = await Promise.all([
    listFrom(bucket, storeKey(""), order.from),
    listFrom(bucket, deadKey(""), order.from),
  ]);
  const to = first(stored.to, dead.to);
  const ours = (key: string) => (to === null || key <= to) && parseVariantKey(key) !== null;
  const page: StorePage = {
    from: order.from,
    to,
    at,
    objects: stored.found.filter(({ key }) => ours(key)),
    markers: dead.found.map(({ key }) => key).filter(ours),
  };
  const { fix, keep, who } = order;
  const answer = await ledger.doctorSlice({ page, fix, keep, who });
  if (answer.objects.length > 0) await bucket.delete(answer.objects.map(storeKey));
  if (answer.markers.length > 0) await bucket.delete(answer.markers.map(deadKey));
  if (answer.locks.length > 0) await ledger.doctorDone(answer.locks);
  return answer;
}

interface Listed {
  found: { key: string; gen: number }[];
  /** The last key listed, when there are more. */
  to: string | null;
}

async function listFrom(bucket: DoctorDeps["bucket"], prefix: string, from: string): Promise<Listed> {
  const page = await bucket.list({
    prefix,
    include: ["customMetadata"],
    ...(from === "" ? {} : { startAfter: prefix + from }),
  });
  const found = page.objects.map(({ key, customMetadata }) => ({
    key: key.slice(prefix.length),
    gen: fromCustomMetadata(customMetadata)?.gen ?? 0,
  }));
  return { found, to: page.truncated ? (found.at(-1)?.key ?? null) : null };
}

/** The lesser of two ends; null is the end of all. */
function first(a: string | null, b: string | null): string | null {
  if (a === null || b === null) return a ?? b;
  return a < b ? a : b;
}
