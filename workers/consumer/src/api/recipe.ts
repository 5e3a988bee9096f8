import type { RecipeSuggestion } from "@prewarm/control-schema/recipe";
import { DAY_MS } from "@prewarm/shared/clock";
import { priceOf } from "@prewarm/shared/cost/job-price";
import { errorText } from "@prewarm/shared/log";
import { formatTransform } from "@prewarm/shared/transform";
import { imagePrefix, parseVariantKey, storeKey } from "@prewarm/shared/variant-key";
import { type Evidence, learnLines } from "@prewarm/site-pages/learned-lines";
import { type MissedOnDay, readMissedByDay, readShapes } from "../serving/read-views.ts";
import { objectsAfter } from "../store/list-pages.ts";
import type { ApiDeps } from "./deps.ts";
import type { Resource } from "./endpoint.ts";

const WINDOW_MS = 30 * DAY_MS;
/** Images of misses that are looked up in R2; three of a line are enough. */
const KNOWN_MAX = 200;

export const recipe = {
  "GET /api/v1/recipe/suggestion": (_, deps) => suggestion(deps),
} satisfies Resource;

async function suggestion(deps: ApiDeps): Promise<RecipeSuggestion> {
  const { config, ledger, analytics, clock, log } = deps;
  const at = clock.now();
  const from = at - WINDOW_MS;
  const { reports } = await ledger.listReports();
  const asked = new Set(reports.flatMap((report) => report.asked));
  const isWhole = reports.every((report) => report.isWhole && report.at >= from);
  const nothing = { config, asked, isWhole: false, missed: [], hits: [], isKnown: () => false };
  const none = (state: RecipeSuggestion["state"], text: string) => toAnswer(nothing, { state, text, from, at });
  if (asked.size === 0)
    return none("unreported", "No site's coverage was reported: run `prewarm coverage --site <url> --report <name>`.");
  if (analytics === null)
    return none("off", "Views are not counted (docs/dashboard.md): what viewers missed is not known.");
  try {
    const [missed, hits] = await Promise.all([readMissedByDay(analytics, from), readShapes(analytics, from)]);
    const known = await knownImages(missed, asked, deps);
    const evidence = { config, asked, isWhole, missed, hits, isKnown: (id: string) => known.has(id) };
    return toAnswer(evidence, { state: "learned", text: isWhole ? null : NOT_WHOLE, from, at });
  } catch (error) {
    log("views.unreadable", { error: errorText(error) });
    return none("unreadable", `Analytics Engine cannot be read: ${errorText(error)}`);
  }
}

const NOT_WHOLE = "A report leaves pages out or is older than 30 days, so that no line is dropped.";

/** Of the images whose misses could name a line those that R2 has something of: a made-up id has nothing. */
async function knownImages(
  missed: readonly MissedOnDay[],
  asked: ReadonlySet<string>,
  deps: ApiDeps,
): Promise<Set<string>> {
  const ids = new Set<string>();
  for (const { key } of missed) {
    const parsed = parseVariantKey(key);
    if (parsed !== null && asked.has(formatTransform(parsed.transform))) ids.add(parsed.id);
    if (ids.size >= KNOWN_MAX) break;
  }
  const isStored = async (id: string): Promise<boolean> => {
    const prefix = storeKey(imagePrefix(id));
    return (await objectsAfter(deps.bucket, { prefix, limit: 1 }, { most: 1 })).objects.length > 0;
  };
  const found = await Promise.all([...ids].map(async (id) => ((await isStored(id)) ? [id] : [])));
  return new Set(found.flat());
}

function toAnswer(
  evidence: Evidence,
  head: Pick<RecipeSuggestion, "state" | "text" | "from" | "at">,
): RecipeSuggestion {
  const { add, drop, jobs, pages } = learnLines(evidence);
  const amountOf = (n: number): number | null => priceOf(n, evidence.config.budget);
  const { widths, formats, qualities, ratios } = pages ?? evidence.config.pages;
  const lists = { widths: [...widths], formats: [...formats], qualities: [...qualities], ratios: [...ratios] };
  return {
    ...head,
    add: add.map((line) => ({ ...line, amount: amountOf(line.jobsPerUpload) })),
    drop: drop.map(({ formats: of, ...line }) => ({ ...line, formats: [...of], amount: amountOf(line.jobsPerUpload) })),
    jobs,
    pages: pages === null ? null : lists,
  };
}
