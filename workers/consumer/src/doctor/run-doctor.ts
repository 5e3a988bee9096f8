import type { Finding } from "@prewarm/control-schema/doctor";
import type { Clock } from "@prewarm/shared/clock";
import { errorText, type Log } from "@prewarm/shared/log";
import { deadKey, parseVariantKey, storeKey } from "@prewarm/shared/variant-key";
import { fromCustomMetadata } from "@prewarm/shared/variant-metadata";
import type { SliceAnswer, SliceRequest, StorePage } from "../images/calls.ts";
import { Findings } from "../images/findings.ts";
import type { Operators } from "../ledger/contract.ts";
import { objectsAfter } from "../store/list-pages.ts";
import { clearMarkers } from "../store/markers.ts";
import { deleteVariants } from "../store/variants.ts";

/** What one call of the ledger takes. */
const SLICE_OBJECTS = 1_000;
/** A request's share: a caller comes again with the cursor. Each slice makes some six calls of the invocation's 10,000. */
const SLICES_MAX = 100;
const BUDGET_MS = 15_000;

export interface DoctorReport {
  findings: Finding[];
  /** Where to go on; null: everything was looked at. */
  nextCursor: string | null;
}

interface DoctorDeps {
  /** `IMAGES_BUCKET`. */
  bucket: Pick<R2Bucket, "list" | "delete">;
  ledger: Operators;
  clock: Clock;
}

/** `from`: variant keys up to and including this one were looked at before; "" for the beginning. */
type SliceOrder = Omit<SliceRequest, "page"> & { from: string };

/**
 * One slice: a page of `variants/` and one of `dead/` (up to 1,000 objects each, with one list call or some), one call to the ledger; when something
 * is to be deleted, one or two delete calls and a second one to the ledger. Throws when R2 or the ledger does not answer; then nothing is lost.
 */
async function examineSlice(
  { bucket, ledger, clock }: DoctorDeps,
  { from, ...order }: SliceOrder,
): Promise<SliceAnswer> {
  const at = clock.now();
  const [stored, dead] = await Promise.all([listFrom(bucket, storeKey(""), from), listFrom(bucket, deadKey(""), from)]);
  const to = lesserEnd(stored.to, dead.to);
  const ours = (key: string) => (to === null || key <= to) && parseVariantKey(key) !== null;
  const page: StorePage = {
    from,
    to,
    at,
    objects: stored.found.filter(({ key }) => ours(key)),
    markers: dead.found.map(({ key }) => key).filter(ours),
  };
  const answer = await ledger.doctorSlice({ page, ...order });
  await deleteVariants(bucket, answer.objects);
  await clearMarkers(bucket, answer.markers, []);
  if (answer.locks.length > 0) await ledger.doctorDone(answer.locks);
  return answer;
}

interface Listed {
  found: { key: string; gen: number }[];
  /** The last key listed, when there are more. */
  to: string | null;
}

async function listFrom(bucket: Pick<R2Bucket, "list">, prefix: string, from: string): Promise<Listed> {
  const options: R2ListOptions = { prefix, include: ["customMetadata"] };
  const after = from === "" ? "" : prefix + from;
  const { objects, to } = await objectsAfter(bucket, options, { after, most: SLICE_OBJECTS });
  const found = objects.map(({ key, customMetadata }) => ({
    key: key.slice(prefix.length),
    gen: fromCustomMetadata(customMetadata)?.gen ?? 0,
  }));
  return { found, to: to?.slice(prefix.length) ?? null };
}

/** The lesser of two ends; null is the end of all. */
function lesserEnd(a: string | null, b: string | null): string | null {
  if (a === null || b === null) return a ?? b;
  return a < b ? a : b;
}

/** Looks at as much as a request has time for, from `cursor` on ("" for the beginning). */
export async function runDoctor(
  deps: DoctorDeps,
  { fix, cursor, who }: { fix: boolean; cursor: string; who: string },
): Promise<DoctorReport> {
  const deadline = deps.clock.now() + BUDGET_MS;
  const findings = new Findings(fix);
  let from: string | null = cursor;
  for (let slice = 0; from !== null && slice < SLICES_MAX && deps.clock.now() < deadline; slice += 1) {
    const answer = await examineSlice(deps, { from, fix, keep: false, who });
    for (const finding of answer.findings) findings.merge(finding);
    from = answer.to;
  }
  return { findings: findings.list(), nextCursor: from };
}

/** The cron's share: one slice, mended, from where the last one ended; none while the walk rests. Never throws. */
export async function doctorTick(deps: DoctorDeps & { log: Log }): Promise<void> {
  try {
    const from = await deps.ledger.doctorFrom();
    if (from === null) return;
    const { findings, to } = await examineSlice(deps, { from, fix: true, keep: true, who: "doctor" });
    for (const { code, count, examples } of findings) deps.log("doctor.fixed", { code, count, examples });
    if (to === null) deps.log("doctor.pass_ended", {});
  } catch (error) {
    // The next minute goes on from the same place.
    deps.log("doctor.failed", { error: errorText(error) });
  }
}
