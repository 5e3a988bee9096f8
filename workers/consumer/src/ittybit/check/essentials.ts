import { OUTPUT_MAX_BYTES } from "@prewarm/shared/limits";
import type { Transform } from "@prewarm/shared/transform";
import { expectedSize } from "../../output/expected-size.ts";
import { stripMetadata } from "../../output/strip/strip-metadata.ts";
import { verifyOutput } from "../../output/verify.ts";
import type { JobOrder } from "../client.ts";
import type { IttybitJob } from "../dialects.ts";
import { openDownload } from "../download.ts";
import { ended, patiently, type Session, submit } from "./session.ts";
import { stopOf, stopped } from "./verdict.ts";

const BASE = { fit: null, pos: null, quality: "high" } as const;
export const MAIN: Transform = { ...BASE, width: 200, height: null, format: "webp" };

/** The first variant: everything that Prewarm cannot do without. */
export interface Main {
  order: JobOrder;
  /** As it was answered to the POST. */
  made: IttybitJob;
  createdStatus: number;
  /** As it ended. */
  job: IttybitJob;
  tookMs: number;
  replayStatus: number;
}

function lastOf(session: Session) {
  return session.exchanges.at(-1);
}

/** Key and address, with one call that makes nothing. @throws Stop */
export async function checkAddress(session: Session): Promise<void> {
  const { ittybit, options } = session;
  const listing = await patiently(session, () => ittybit.list({ limit: 1 }));
  const last = lastOf(session);
  const isPage = typeof last?.body === "string" && last.body !== "";
  // A list that is refused or not there is no essential.
  if (listing.kind === "page" || listing.kind === "rejected" || (listing.kind === "noList" && !isPage)) return;
  const result = listing.kind === "noList" || listing.kind === "noCursor" ? ({ kind: "absent" } as const) : listing;
  throw stopOf("GET /jobs", result, options.apiUrl, last);
}

/** Makes the first job, asks for it again under the same key, and waits for its end. @throws Stop */
export async function checkMain(session: Session): Promise<Main> {
  const order = session.order(1, MAIN);
  const began = session.now();
  const first = await submit(session, order);
  if (first.kind !== "made") throw stopOf("POST /jobs", first, session.options.apiUrl, lastOf(session));
  const createdStatus = lastOf(session)?.status ?? 0;
  const again = await submit(session, { ...order, again: true });
  if (again.kind !== "made") throw stopOf("a repeated POST /jobs", again, session.options.apiUrl, lastOf(session));
  if (again.job.id !== first.job.id) {
    const because =
      "a repeated POST under the same Idempotency-Key made a second job, so that a lost answer is paid for twice";
    throw stopped("fails", "failed", because, "ask Ittybit whether the account's version knows Idempotency-Key");
  }
  const replayStatus = lastOf(session)?.status ?? 0;
  const job = await ended(session, first.job.id);
  return { order, made: first.job, createdStatus, job, tookMs: session.now() - began, replayStatus };
}

/** A result that is no variant. */
export type Wrong = { ok: false; code: string; message: string };

/** A result's bytes as the product fetches them, or why there are none. */
export async function fetchOutput(session: Session, job: IttybitJob): Promise<{ ok: true; bytes: Uint8Array } | Wrong> {
  if (job.status !== "done")
    return { ok: false, code: "job", message: `the job ended ${job.said}: ${job.error?.message}` };
  if (job.output === null) return { ok: false, code: "output_missing", message: "the job is done and names no result" };
  const settings = { fetch: session.fetch, allowLoopbackHttp: true, maxBytes: OUTPUT_MAX_BYTES };
  const download = await openDownload(job.output, settings);
  const body = download.kind === "open" ? await download.read() : download;
  if (body.kind === "unfetched") return { ok: false, code: body.code, message: body.message };
  if (body.kind === "failed") return { ok: false, ...body.failure };
  return { ok: true, bytes: body.bytes };
}

/** A result that is the variant. */
export interface Right {
  ok: true;
  /** As it would be stored. */
  bytes: number;
  /** What it said beside its picture, which Prewarm takes out: Exif, XMP. */
  removed: string[];
}

/** A result as the product judges it. */
export async function checkOutput(session: Session, job: IttybitJob, transform: Transform): Promise<Right | Wrong> {
  const output = await fetchOutput(session, job);
  if (!output.ok) return output;
  const { format, fit } = transform;
  const expected = { format, fit, size: expectedSize(transform, session.size), asked: transform };
  const verdict = verifyOutput(output.bytes, expected);
  if (!verdict.ok)
    return { ok: false, code: "output_invalid", message: `the result is not the variant: ${verdict.message}` };
  const stripped = stripMetadata(output.bytes, format);
  if (!stripped.ok)
    return { ok: false, code: "output_metadata", message: `metadata cannot be taken out: ${stripped.message}` };
  return { ok: true, bytes: stripped.bytes.byteLength, removed: stripped.removed };
}

/** @throws Stop */
export async function checkMainOutput(session: Session, { job }: Main): Promise<Right> {
  const output = await checkOutput(session, job, MAIN);
  if (output.ok) return output;
  const next =
    output.code === "output_private"
      ? "run this again when they are public"
      : output.code === "job"
        ? "see that anybody may fetch --original, then run this again"
        : "tell us, with what scripts/ittybit-lab records";
  throw stopped("fails", "failed", output.message, next);
}
