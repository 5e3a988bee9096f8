import { TRANSFORMS_MAX } from "@prewarm/control-schema/warm";
import { formatTransform } from "@prewarm/shared/transform";
import { parseVariantKey } from "@prewarm/shared/variant-key";
import type { ExportFact } from "../ledger/calls.ts";

/** A call of this API by which another ledger takes a fact. Its path is ready to be sent. */
interface CallLine {
  call: string;
  body: object;
}

/** Open jobs of one image, as `prewarm warm --file` reads them. */
interface OwedLine {
  id: string;
  v?: string;
  transforms: string[];
  lane: "upload" | "bulk";
  run?: string;
  label?: string;
  force?: true;
}

type Job = Extract<ExportFact, { kind: "job" }>;

/**
 * The facts as lines. Jobs of one run stand together, so that `prewarm warm` sends few requests, and so do those of one
 * image. A viewer's job becomes an upload's: the next view lifts it again.
 */
export function exportLines(facts: readonly ExportFact[]): (CallLine | OwedLine)[] {
  const calls = facts.flatMap((fact) => (fact.kind === "job" ? [] : [callLine(fact)]));
  const jobs = facts.filter((fact) => fact.kind === "job");
  const lines = jobs.flatMap((job) => owedLine(job));
  const byRequest = Map.groupBy(lines, ({ id: _, v: __, transforms: ___, ...request }) => JSON.stringify(request));
  return [...calls, ...[...byRequest.values()].flatMap(ofOneImage)];
}

function callLine(fact: Exclude<ExportFact, Job>): CallLine {
  if (fact.kind === "spent") return { call: "PATCH /api/v1/gate", body: { spent: fact.days } };
  const path = `/api/v1/images/${encodeURIComponent(fact.id)}`;
  if (fact.kind === "focal") return { call: `PUT ${path}/focal`, body: { focal: fact.focal } };
  return { call: `POST ${path}/remove`, body: { reason: fact.reason } };
}

/** None where the key is no variant's: nobody can order it. */
function owedLine({ key, lane, run, label, force }: Job): OwedLine[] {
  const parsed = parseVariantKey(key);
  if (parsed === null) return [];
  const { id, v, transform } = parsed;
  const line = { id, ...(v === null ? {} : { v }), transforms: [formatTransform(transform)] };
  const request = { lane: lane === "bulk" ? lane : ("upload" as const), ...(force ? { force } : {}) };
  return [{ ...line, ...request, ...(run === null ? {} : { run }), ...(label === null ? {} : { label }) }];
}

/** Lines of one run, with the transforms of one image and version in one line, or as many as an item may have. */
function ofOneImage(lines: readonly OwedLine[]): OwedLine[] {
  return [...Map.groupBy(lines, ({ id, v }) => JSON.stringify([id, v])).values()].flatMap((same) => {
    const transforms = same.flatMap((line) => line.transforms);
    return same.slice(0, Math.ceil(transforms.length / TRANSFORMS_MAX)).map((line, n) => {
      return { ...line, transforms: transforms.slice(n * TRANSFORMS_MAX, (n + 1) * TRANSFORMS_MAX) };
    });
  });
}
