import type { Finding } from "@prewarm/control-schema/doctor";
import { AFTER } from "@prewarm/control-schema/words";
import type { Clock } from "@prewarm/shared/clock";
import { DOCTOR_SLICES_PER_MINUTE } from "@prewarm/shared/limits";
import { errorText, type Log } from "@prewarm/shared/log";
import { deadKey, encodedIdOfKey, INFO_PREFIX, parseVariantKey, storeKey } from "@prewarm/shared/variant-key";
import { fromCustomMetadata, ORIGINAL_JOB } from "@prewarm/shared/variant-metadata";
import type { SliceAnswer, SliceRequest, StorePage } from "../images/calls.ts";
import { Findings } from "../images/findings.ts";
import type { LedgerCalls } from "../ledger/ledger-for.ts";
import { objectsAfter } from "../store/list-pages.ts";
import { clearMarkers } from "../store/markers.ts";
import { deleteVariants } from "../store/variants.ts";
import { type ListedNote, type ListedVariant, type WrongNote, wrongNotes } from "./wrong-notes.ts";

/** What one call of the ledger takes. */
const SLICE_OBJECTS = 1_000;
/** A request's share: a caller comes again with the cursor. Each slice makes some five calls of the invocation's 10,000. */
const REQUEST = { slices: 100, ms: 15_000 };
/** The cron's share. */
const MINUTE = { slices: DOCTOR_SLICES_PER_MINUTE, ms: 20_000 };
/** Notes of one slice that are mended: each costs a look at its original, a head, a read and a put. Chosen. */
const NOTES_MAX = 20;

export interface DoctorReport {
  findings: Finding[];
  /** Where to go on; null: everything was looked at. */
  nextCursor: string | null;
}

interface DoctorDeps {
  /** `IMAGES_BUCKET`. */
  bucket: Pick<R2Bucket, "list" | "delete">;
  ledger: LedgerCalls;
  clock: Clock;
  /** Mends these notes; never throws. */
  mendNotes(wrong: readonly WrongNote[]): Promise<void>;
}

/** `from`: variant keys up to and including this one were looked at before; "" for the beginning. */
type SliceOrder = Omit<SliceRequest, "page"> & { from: string };

/**
 * Slice after slice, from `from` to the end of the store or of the share. A slice is a page of `variants/` (up to 1,000 objects, one list call or
 * some) with the markers of the same keys, and one call to the ledger. If something must be deleted, one or two delete calls and a second call to
 * the ledger follow. The images' notes of the same keys are listed too. Throws when R2 or the ledger does not answer. The position is stored after each slice, so nothing is lost then.
 */
async function* walk(
  deps: DoctorDeps,
  { from, ...order }: SliceOrder,
  share: { slices: number; ms: number },
): AsyncGenerator<SliceAnswer> {
  const deadline = deps.clock.now() + share.ms;
  let dead: Listed | null = null;
  let notes: Listed | null = null;
  let next: string | null = from;
  for (let slice = 0; next !== null && slice < share.slices && deps.clock.now() < deadline; slice += 1) {
    // Markers are few: one list of them lasts for many slices.
    if (dead === null || (dead.to !== null && dead.to <= next)) dead = await listFrom(deps.bucket, deadKey(""), next);
    // From the image's beginning, for a slice may begin behind the name of its note.
    if (notes === null || (notes.to !== null && notes.to <= next))
      notes = await listFrom(deps.bucket, INFO_PREFIX, encodedIdOfKey(next));
    const answer: SliceAnswer = await examineSlice(deps, { ...order, from: next }, { dead, notes });
    yield answer;
    next = answer.to;
  }
}

async function examineSlice(
  { bucket, ledger, clock, mendNotes }: DoctorDeps,
  { from, ...order }: SliceOrder,
  { dead, notes }: { dead: Listed; notes: Listed },
): Promise<SliceAnswer> {
  const at = clock.now();
  const stored = await listFrom(bucket, storeKey(""), from);
  const to = lesserEnd(lesserEnd(stored.to, dead.to), notes.to);
  const ours = (key: string) => key > from && (to === null || key <= to) && parseVariantKey(key) !== null;
  const variants = stored.found.filter(({ key }) => ours(key));
  const page: StorePage = {
    from,
    to,
    at,
    objects: variants.map(({ key, gen }) => ({ key, gen })),
    markers: dead.found.map(({ key }) => key).filter(ours),
  };
  const answer = await ledger.doctorSlice({ page, ...order });
  await deleteVariants(bucket, answer.objects);
  await clearMarkers(bucket, answer.markers, []);
  if (answer.locks.length > 0) await ledger.doctorDone(answer.locks);
  const deleted = new Set(answer.objects);
  const kept = variants.filter(({ key }) => !deleted.has(key));
  const wrong = wrongNotes({
    from,
    to,
    variants: kept,
    announced: answer.announced,
    now: at,
    notes: new Map(notes.found.map((one) => [encodedIdOfKey(one.key), one])),
  });
  if (order.fix) await mendNotes(wrong.slice(0, NOTES_MAX));
  const sure = wrong.filter(({ isSure }) => isSure).map(({ id }) => id);
  const findings = new Findings(order.fix && sure.length <= NOTES_MAX);
  findings.add("note_differs", sure.length, sure);
  return { ...answer, findings: [...answer.findings, ...findings.list()] };
}

type Found = ListedVariant & ListedNote & { gen: number };

interface Listed {
  found: Found[];
  /** The last key listed, when there are more. */
  to: string | null;
}

async function listFrom(bucket: Pick<R2Bucket, "list">, prefix: string, from: string): Promise<Listed> {
  const options: R2ListOptions = { prefix, include: ["customMetadata"] };
  const after = from === "" ? "" : prefix + from;
  const { objects, to } = await objectsAfter(bucket, options, { after, most: SLICE_OBJECTS });
  const found = objects.map(({ key, customMetadata, size: bytes, uploaded }) => {
    const { gen = 0, smaller = [], job = ORIGINAL_JOB } = fromCustomMetadata(customMetadata) ?? {};
    const variant = { gen, smaller, bytes, isCounted: job !== ORIGINAL_JOB };
    const listed = { ...listingOf(customMetadata), uploaded: uploaded.getTime() };
    return { key: key.slice(prefix.length), ...variant, ...listed };
  });
  return { found, to: to?.slice(prefix.length) ?? null };
}

/** What a note's metadata says of it. */
function listingOf(metadata: Record<string, string> | undefined): Pick<ListedNote, "listed" | "version" | "announced"> {
  const { listed = Number.POSITIVE_INFINITY, version = null, announced = 0 } = metadata ?? {};
  return { listed: Number(listed), version, announced: Number(announced) };
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
  const findings = new Findings(fix);
  let to: string | null = cursor.slice(AFTER.length);
  for await (const answer of walk(deps, { from: to, fix, keep: false, who }, REQUEST)) {
    for (const finding of answer.findings) findings.merge(finding);
    to = answer.to;
  }
  return { findings: findings.list(), nextCursor: to === null ? null : AFTER + to };
}

/** The cron's share of the walk, mended, from where the last one ended; nothing while the walk rests. Never throws. */
export async function doctorTick(deps: DoctorDeps & { log: Log }): Promise<void> {
  try {
    const from = await deps.ledger.doctorFrom();
    if (from === null) return;
    for await (const { findings, to } of walk(deps, { from, fix: true, keep: true, who: "doctor" }, MINUTE)) {
      for (const { code, count, examples, fixed } of findings)
        if (fixed) deps.log("doctor.fixed", { code, count, examples });
      if (to === null) deps.log("doctor.pass_ended", {});
    }
  } catch (error) {
    // The next minute goes on from the same place.
    deps.log("doctor.failed", { error: errorText(error) });
  }
}
