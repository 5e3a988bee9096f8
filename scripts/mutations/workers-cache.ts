import type { Mutation } from "./promises.ts";

const EDGE = "workers/edge/src";
const ANSWERS = [`${EDGE}/edge-cache.test.ts`];
const PURGES = [`${EDGE}/purge-cache.test.ts`];

const of = (breaks: string, file: string, find: string, replace: string, tests: readonly string[]): Mutation => {
  return { promise: "P21", breaks, file, find, replace, tests };
};

/* What the Workers Cache is told, and how a purge reaches it (decisions/101). */
export const WORKERS_CACHE: Mutation[] = [
  of("an error of the edge shows a purged picture", `${EDGE}/workers-cache.ts`, ", stale-if-error=0", "", ANSWERS),
  of(
    "a signed copy outlives its permission",
    `${EDGE}/workers-cache.ts`,
    "trimToExpiry(WORKERS_CACHE_SECONDS, expiresAt,",
    "trimToExpiry(WORKERS_CACHE_SECONDS, null,",
    ANSWERS,
  ),
  of("a signed copy that is over may be shown", `${EDGE}/workers-cache.ts`, '", must-revalidate"', '""', ANSWERS),
  of(
    "copies of a key cannot be taken back",
    `${EDGE}/workers-cache.ts`,
    'signed ? `,${SIGNED_TAG}` : ""',
    '""',
    ANSWERS,
  ),
  of("a long list of purges finds no buckets", `${EDGE}/workers-cache.ts`, ",${bucketTag(id)}", "", ANSWERS),
  of(
    "copies have tags that the ledger does not know",
    `${EDGE}/workers-cache.ts`,
    "encodeId(target.id)",
    "target.id",
    ANSWERS,
  ),
  of(
    "what is no variant is kept",
    `${EDGE}/workers-cache.ts`,
    'if (!headers.has(LIFE)) headers.set(LIFE, "no-store");',
    "void headers;",
    ANSWERS,
  ),
  of(
    "a stand-in is kept in place of the variant",
    `${EDGE}/route.ts`,
    ' && response.headers.get("Cache-Status") === STORED',
    ' && (response.headers.get("Cache-Status") === STORED || response.headers.has("Content-Location"))',
    ANSWERS,
  ),
  of(
    "an answer for want of the smaller format is kept in front",
    `${EDGE}/hit/serve-variant.ts`,
    " || smaller.isUnknown",
    "",
    ANSWERS,
  ),
  of(
    "a copy lies where no purge reaches it",
    `${EDGE}/hit/serve-variant.ts`,
    "isInFront ? variant.body : teeIntoCache(",
    "false ? variant.body : teeIntoCache(",
    ANSWERS,
  ),
  of(
    "a copy comes from where no purge reaches it",
    `${EDGE}/hit/serve-variant.ts`,
    "const matched = isInFront\n",
    "const matched = false\n",
    ANSWERS,
  ),
  of(
    "a part is answered, which the cache in front does not keep",
    `${EDGE}/hit/serve-variant.ts`,
    "{ ...variant, size: null }",
    "variant",
    ANSWERS,
  ),
  of(
    "a POST to any address purges",
    `${EDGE}/route.ts`,
    "URL.parse(request.url)?.pathname === IMAGES_PATH",
    "true",
    PURGES,
  ),
  of("a refused purge is noted as done", `${EDGE}/purge-cache.ts`, "done?.success ? null", "done ? null", PURGES),
  of("a purge that throws is never noted", `${EDGE}/purge-cache.ts`, "return String(error);", "throw error;", PURGES),
  of(
    "a stranger's POSTs have no bound",
    `${EDGE}/purge-cache.ts`,
    'if (await isOverLimit({ headers, left: (cap) => cap }, limit, "purge ")) return;',
    "void [headers, limit, isOverLimit];",
    PURGES,
  ),
  of("one POST has no bound", `${EDGE}/purge-cache.ts`, "const MOST_CALLS = 25;", "const MOST_CALLS = 1_000;", PURGES),
  of(
    "whoever hangs up ends the purge",
    `${EDGE}/route.ts`,
    "background(attempt(() => purgeCache(request, edge, cache)));",
    "await attempt(() => purgeCache(request, edge, cache));",
    PURGES,
  ),
  of(
    "each deploy begins with an empty cache",
    "packages/wrangler-files/src/edge.ts",
    "cross_version_cache: true",
    "cross_version_cache: false",
    ["packages/wrangler-files/src/wrangler-files.test.ts"],
  ),
  of(
    "nobody can tell the edge of a purge",
    "packages/shared/src/config-deploy-rules.ts",
    'if (edgeCache !== "workers") return [];',
    "return [];",
    ["packages/shared/src/config-check.deploy.test.ts"],
  ),
  of(
    "an address of two hosts is one copy",
    "packages/shared/src/config-deploy-rules.ts",
    "legacy.filter(({ hosts }) => hosts.length > 0)",
    "legacy.filter(() => false)",
    ["packages/shared/src/config-check.deploy.test.ts"],
  ),
  of(
    "a wrangler that leaves the cache out is not found",
    "apps/cli/src/steps/check-deploy.ts",
    "(parts[at] ?? 0) < (wanted[at] ?? 0)",
    "(parts[at] ?? 0) > (wanted[at] ?? 0)",
    ["apps/cli/src/steps/check-deploy.test.ts"],
  ),
  of(
    "the smoke test passes a copy that outlives its purge",
    "apps/cli/src/steps/smoke-cache.ts",
    "(answer) => !isCopy(answer)",
    "() => true",
    ["apps/cli/src/commands/smoke.test.ts"],
  ),
  of(
    "the smoke test orders what it has purged",
    "apps/cli/src/commands/smoke.ts",
    "{ ...headers, Via: OWN_READ }",
    "headers",
    ["apps/cli/src/commands/smoke.test.ts"],
  ),
];
