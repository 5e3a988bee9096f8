import { variantName } from "@prewarm/shared/variant-key";
import { dataPoint, type ViewOutcome } from "@prewarm/shared/views";
import type { Edge, RequestContext } from "./request-context.ts";

/** Of these nothing can be made: warming them would be refused again. */
const VAIN = /detail=(?:dead|missing|removed|capped)\b/;

/**
 * Counts an answer to GET, by what the answer itself says of it. Costs the viewer nothing: the dataset takes a point and returns. `context`
 * is null where nothing readable was asked for. Never throws.
 */
export function countView(edge: Edge, response: Response, context: RequestContext | null): void {
  const { views, clock, config } = edge;
  const weight = config.countViews;
  if (views === null || weight === 0 || (weight > 1 && clock.random() * weight >= 1)) return;
  try {
    const outcome = outcomeOf(response);
    // Parts and 304 are counted, and weigh nothing.
    const shown = response.status === 200 ? context?.shown() : null;
    const bytes = shown?.size ?? 0;
    const isHit = /^(cache|store)$/.test(outcome);
    const target = context?.target;
    views.writeDataPoint(
      dataPoint({
        outcome,
        weight,
        bytes,
        originalBytes: bytes && (shown?.originalBytes ?? 0),
        format: (isHit ? context?.shown() : target?.transform)?.format ?? "",
        missedKey: (isHit ? target && variantName(target.transform) : isMissed(outcome, response) && target?.key) || "",
      }),
    );
  } catch (error) {
    edge.log("edge.uncounted", { message: String(error) });
  }
}

function statusOf({ headers }: Response): string {
  return headers.get("Cache-Status") ?? "";
}

function outcomeOf(response: Response): ViewOutcome {
  const { status, headers } = response;
  if (status >= 400) return status >= 500 ? "failed" : "refused";
  const cache = statusOf(response);
  if (cache === "edge; hit") return "cache";
  if (cache.endsWith("store; hit")) return "store";
  if (cache.includes("fwd=bypass")) return "bypass";
  if (headers.has("Content-Location")) return "stand-in";
  // The pixel is the one body here that tells its length.
  return status === 302 || !headers.has("Content-Length") ? "original" : "placeholder";
}

function isMissed(outcome: ViewOutcome, response: Response): boolean {
  return outcome !== "bypass" && outcome !== "refused" && !VAIN.test(statusOf(response));
}
