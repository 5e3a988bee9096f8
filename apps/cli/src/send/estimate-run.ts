import type { Outlook } from "@prewarm/shared/cost/outlook";
import type { ControlApi } from "../api/control-api.ts";
import { seeOutlook } from "../api/outlook.ts";
import type { Namer } from "../input/item.ts";
import { measureInput, readInput } from "../input/read-input.ts";
import type { Context } from "../platform/context.ts";
import { interrupted } from "../platform/http-request.ts";
import { formatCount } from "../terminal/progress.ts";
import type { Report } from "../terminal/report.ts";
import { CHUNK_BYTES_MAX, chunkItems } from "./chunk-items.ts";
import type { Complaints } from "./complaints.ts";
import { formatOutlook } from "./format-outlook.ts";
import type { RunState } from "./run-state.ts";
import { type Estimated, estimateChunk, splitRejected } from "./send-chunk.ts";
import { complain } from "./send-run.ts";

interface Estimating {
  api: ControlApi;
  context: Context;
  namer: Namer;
  complaints: Complaints;
  report: Report;
  deadline: number;
}

/** What warming would take; sums over chunks. Null: unknown for at least one chunk. */
interface Estimate {
  images: number;
  variants: number;
  existing: number;
  duplicates: number;
  /** Images that the edge serves as they are. */
  passedThrough: number;
  /** Ittybit jobs. */
  jobs: number;
  downloadBytes: number | null;
  /** In the configured currency unit. */
  price: number | null;
}

const NOTHING: Estimate = {
  images: 0,
  variants: 0,
  existing: 0,
  duplicates: 0,
  passedThrough: 0,
  jobs: 0,
  downloadBytes: 0,
  price: 0,
};

/** Asks what a run would take, chunk by chunk, and prints the sum. Returns the numbers of images, and of bad lines and refused images. */
export async function estimateRun(
  { input, options }: RunState,
  estimating: Estimating,
): Promise<{ images: number; failed: number }> {
  const { api, context, namer, complaints, report, deadline } = estimating;
  const meter = await measureInput(input, context);
  let sum = NOTHING;
  let throttled = 0;
  const onThrottled = (): void => {
    throttled += 1;
  };
  const chunks = chunkItems(readInput(input, namer, meter, context), {
    maxItems: options.chunkItems,
    maxBytes: CHUNK_BYTES_MAX,
    defaults: options.defaults,
    onBad: (place, reason) => complaints.add(place, reason),
  });
  for await (const chunk of chunks) {
    if (context.interrupts.stop.aborted) throw interrupted();
    const estimate = await estimateChunk(api, chunk, options, { deadline, onThrottled });
    sum = add(sum, estimate);
    context.tidy();
    complain(complaints, chunk, estimate);
    const share = meter.totalBytes === null ? null : meter.readBytes / meter.totalBytes;
    const base = {
      label: "counting",
      unit: "images",
      total: null,
      share,
      failed: complaints.total(),
      throttled,
    } as const;
    report.update({ ...base, done: sum.images });
  }
  report.end();
  print(report, sum, complaints.total(), sum.images === 0 ? null : await seeOutlook(sum.jobs, api));
  return { images: sum.images, failed: complaints.total() };
}

function add(sum: Estimate, next: Estimated): Estimate {
  const known = (a: number | null, b: number | null): number | null => (a === null || b === null ? null : a + b);
  return {
    images: sum.images + next.images,
    variants: sum.variants + next.variants,
    existing: sum.existing + next.existing,
    duplicates: sum.duplicates + next.duplicates,
    passedThrough: sum.passedThrough + splitRejected(next).passedThrough,
    jobs: sum.jobs + next.jobs,
    downloadBytes: known(sum.downloadBytes, next.downloadBytes),
    price: known(sum.price, amountOf(next.price)),
  };
}

function amountOf(price: Estimated["price"]): number | null {
  return typeof price === "object" && typeof price?.amount === "number" ? price.amount : null;
}

function print(report: Report, sum: Estimate, refused: number, outlook: Outlook | null): void {
  if (report.json) {
    report.document("prewarm.dry-run/1", { ...sum, refused, outlook });
    return;
  }
  const unknown = (value: number | null, unit: string): string =>
    value === null ? "unknown" : `${formatCount(value)}${unit}`;
  report.data(`images          ${formatCount(sum.images)}`);
  report.data(`variants        ${formatCount(sum.variants)}`);
  report.data(`already stored  ${formatCount(sum.existing)}`);
  report.data(`under way       ${formatCount(sum.duplicates)}`);
  report.data(`Ittybit jobs    ${formatCount(sum.jobs)}`);
  report.data(`origins send    ${unknown(sum.downloadBytes, " bytes")}`);
  report.data(`passed through  ${formatCount(sum.passedThrough)}`);
  report.data(`refused         ${formatCount(refused)}`);
  if (outlook === null) return;
  for (const [name, text] of formatOutlook(outlook)) report.data(`${name.padEnd(15)} ${text}`);
}
