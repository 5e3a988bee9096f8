import type { Serving, ServingWindow } from "@prewarm/control-schema/serving";
import { FORMATS } from "@prewarm/shared/config";
import { errorText } from "@prewarm/shared/log";
import { formatTransform } from "@prewarm/shared/transform";
import { parseVariantKey, storeKey } from "@prewarm/shared/variant-key";
import { VIEW_OUTCOMES, type ViewOutcome } from "@prewarm/shared/views";
import type { Analytics } from "../serving/analytics.ts";
import { type Missed, readMissed, readViews, type Views } from "../serving/read-views.ts";
import type { ApiDeps } from "./deps.ts";
import type { Resource } from "./endpoint.ts";

const STEPS = {
  "1h": { seconds: 300, steps: 12 },
  "1d": { seconds: 3_600, steps: 24 },
  "30d": { seconds: 86_400, steps: 30 },
} as const satisfies Record<ServingWindow, object>;
/** For so long an isolate repeats what it read, in ms: pages poll, and each reading is two billed queries. The local twin's cost nothing. */
const REPEAT_MS = 60_000;

/** What the edge served, and what that saved. */
export const serving = {
  "GET /api/v1/serving": ({ query }, deps) => servingNow(deps, query.window),
} satisfies Resource;

const lately = new WeakMap<ApiDeps["config"], Map<ServingWindow, { at: number; said: Promise<Serving> }>>();

export function servingNow(deps: ApiDeps, window: ServingWindow): Promise<Serving> {
  const now = deps.clock.now();
  const kept = lately.get(deps.config) ?? new Map<ServingWindow, { at: number; said: Promise<Serving> }>();
  lately.set(deps.config, kept);
  const known = kept.get(window);
  if (known !== undefined && !deps.isLocal && now - known.at < REPEAT_MS) return known.said;
  const said = servingAnswer(deps, window);
  kept.set(window, { at: now, said });
  return said;
}

const HOW =
  "Views are not counted. Enable Analytics Engine in the account, write views: true into deploy.<env> of prewarm.config.ts, deploy, " +
  "and give the consumer the secrets ANALYTICS_ACCOUNT_ID and ANALYTICS_TOKEN (a token that may read Account Analytics).";

async function servingAnswer(deps: ApiDeps, window: ServingWindow): Promise<Serving> {
  const { seconds, steps } = STEPS[window];
  const at = deps.clock.now();
  const step = seconds * 1000;
  const from = (Math.floor(at / step) - steps + 1) * step;
  const base = { window, from, at, oneIn: deps.config.countViews };
  const none = { ...base, ...sumsOf([]), buckets: [], missed: [] };
  if (base.oneIn === 0)
    return { ...none, state: "off", text: "Views are not counted: countViews is 0 in prewarm.config.ts." };
  if (deps.analytics === null) return { ...none, state: "off", text: HOW };
  try {
    const [views, missed] = await read(deps.analytics, from, seconds);
    const starts = Array.from({ length: steps }, (_, index) => from + index * step);
    return {
      ...base,
      ...sumsOf(views),
      state: "counted",
      text: null,
      buckets: starts.map((start) => bucketOf(start, views)),
      missed: await withStored(missed, deps),
    };
  } catch (error) {
    deps.log("views.unreadable", { error: errorText(error) });
    return { ...none, state: "unreadable", text: `Analytics Engine cannot be read: ${errorText(error)}` };
  }
}

function read(analytics: Analytics, from: number, seconds: number): Promise<[Views[], Missed[]]> {
  return Promise.all([readViews(analytics, from, seconds), readMissed(analytics, from)]);
}

const isHit = ({ outcome }: Views): boolean => outcome === "cache" || outcome === "store";
/** Of what nothing is to be made: neither for nor against. */
const isAside = ({ outcome }: Views): boolean => outcome === "bypass" || outcome === "refused";

function total(views: readonly Views[], what: "views" | "bytes" | "savedBytes" | "originalBytes"): number {
  return views.reduce((sum, one) => sum + one[what], 0);
}

function sumsOf(views: readonly Views[]) {
  const of = (outcome: ViewOutcome): number =>
    total(
      views.filter((one) => one.outcome === outcome),
      "views",
    );
  const asked = total(
    views.filter((one) => !isAside(one)),
    "views",
  );
  const shown = FORMATS.map((format) => ({
    format,
    of: views.filter((one) => one.format === format && one.bytes > 0),
  }));
  return {
    views: Object.fromEntries(VIEW_OUTCOMES.map((one) => [one, of(one)])) as Record<ViewOutcome, number>,
    hitRatio: asked === 0 ? null : total(views.filter(isHit), "views") / asked,
    bytes: total(views, "bytes"),
    savedBytes: total(views, "savedBytes"),
    originalBytes: total(views, "originalBytes"),
    formats: shown
      .filter((one) => one.of.length > 0)
      .map(({ format, of }) => ({
        format,
        views: total(of, "views"),
        bytes: total(of, "bytes"),
        savedBytes: total(of, "savedBytes"),
      })),
  };
}

function bucketOf(at: number, views: readonly Views[]): Serving["buckets"][number] {
  const own = views.filter((one) => one.at === at && !isAside(one));
  const hits = total(own.filter(isHit), "views");
  return { at, hits, others: total(own, "views") - hits };
}

/** With what they name, and whether R2 has them by now. Keys that this code cannot read are left out. */
async function withStored(missed: readonly Missed[], { bucket }: ApiDeps): Promise<Serving["missed"]> {
  const found = await Promise.all(
    missed.map(async ({ key, views }) => {
      const parsed = parseVariantKey(key);
      if (parsed === null) return [];
      const stored = (await bucket.head(storeKey(key))) !== null;
      return [{ key, id: parsed.id, transform: formatTransform(parsed.transform), v: parsed.v, views, stored }];
    }),
  );
  return found.flat();
}
