import type { Mutation } from "./promises.ts";

const MODEL = "test/world/workers-cache";
const RULES = [`${MODEL}/modelled-workers-cache.test.ts`];
const CACHING = "dev/limits/caching.ts";
const FIELDS = ["dev/limits/caching.test.ts"];
const IMAGES = "workers/consumer/src/images";
const WORLD = ["test/world/workers-cache.test.ts"];
const BEHIND = [`${MODEL}/edge-behind.test.ts`];
const FAULTS = ["dev/limits/caching-fault.test.ts"];

/*
 * The rules of the modelled Workers Cache: a model that forgets one of them proves nothing, so each has a claim that turns red without it.
 */
export const CACHE_MODEL: Mutation[] = [
  field(
    "the cache's own field does not speak first",
    '["Cloudflare-CDN-Cache-Control", "CDN-Cache-Control", "Cache-Control"]',
    '["Cache-Control", "CDN-Cache-Control", "Cloudflare-CDN-Cache-Control"]',
  ),
  field("a private answer is kept", ' || said?.has("private")', ""),
  field("an answer that says no-store is kept", 'said?.has("no-store") || ', ""),
  field(
    "max-age is taken before s-maxage",
    'numberOf(said, "s-maxage") ?? numberOf(said, "max-age")',
    'numberOf(said, "max-age") ?? numberOf(said, "s-maxage")',
  ),
  field("an answer that gives no time is not kept", " ?? DEFAULT_SECONDS[status] ?? null", " ?? null"),
  field("a stale answer stands in for no error by itself", " ?? Number.POSITIVE_INFINITY", " ?? 0"),
  field("must-revalidate forbids nothing", '["must-revalidate", "proxy-revalidate"', '["proxy-revalidate"'),
  field("no-cache is as fresh as its max-age says", 'if (said?.has("no-cache")) return 0;', ""),
  field("the answer to an authorized request is kept", 'asked.has("Authorization") && !opensAuthorized(said)', "false"),
  field("an answer that sets a cookie is kept", 'headers.has("Set-Cookie")', "false"),
  field("a part is kept", "status === 206 || ", ""),
  fault("an answer without Cache-Control passes", "!saysCaching(headers)", "false"),
  fault("what is no variant may be kept", "if (!isVariant(answer))\n", "if (false as boolean)\n"),
  fault("a signed answer may be kept for ever", "caching.seconds > end - now", "false"),
  fault("a copy that no purge finds passes", '!TAGS.test(headers.get("Cache-Tag") ?? "")', "false"),
  fault(
    "a purged copy may come back in place of an error",
    "caching.ifError === 0 ? null",
    "caching.ifError >= 0 ? null",
  ),
  model(
    "copy.ts",
    "spellings of a header that an answer varies by are taken for one",
    "asked.get(name) === value",
    'asked.get(name)?.replaceAll(" ", "") === value?.replaceAll(" ", "")',
  ),
  model(
    "copy.ts",
    "a copy is fresh for ever",
    "ageOf(copy, now) < copy.caching.seconds * 1_000",
    "ageOf(copy, now) >= 0",
  ),
  model("copy.ts", "an invalidated copy is fresh", "!copy.invalidated && ", ""),
  model(
    "copy.ts",
    "a 304 changes no field of the copy",
    "response.headers.forEach((value, name) => void headers.set(name, value));",
    "",
  ),
  model("copy.ts", "tags are told apart by their case", "tag.toLowerCase()", "tag"),
  model(
    "tier.ts",
    "a purge ends every copy",
    'named.kind === "invalidate" || !isNamed(copy, named)',
    "copy === undefined",
  ),
  model("tier.ts", "a purge names no paths", " || named.pathPrefixes.some((prefix) => path.startsWith(prefix))", ""),
  model(
    "tier.ts",
    "one copy stands of a key, however it varies",
    "(other) => !sameVariant(other, copy)",
    "(other) => sameVariant(other, other) && false",
  ),
  model("purge-account.ts", "purges cost no token", "this.#tokens -= 1;", ""),
  model("purge-account.ts", "tokens come back at once", "((now - this.#at) / 60_000) * CALLS_PER_MINUTE", "BURST"),
  model(
    "purge-account.ts",
    "a call takes any number of tags",
    "tags.length + pathPrefixes.length > OPERATIONS_MAX",
    "false",
  ),
  model("to-client.ts", "clients see the tags", '["Cache-Tag", ', "["),
  model(
    "to-client.ts",
    "a copy does not tell its age",
    'if (how !== "MISS") headers.set("Age",',
    'if (false as boolean) headers.set("Age",',
  ),
  model("to-client.ts", "the cache cuts no parts", "const part = status === 200 ?", "const part = status === 0 ?"),
  model("to-client.ts", "the cache compares no tags", "status === 200 && isKnown(", "status === 0 && isKnown("),
  whole("HEAD passes the cache by", 'if (request.method !== "GET" && !isHead)', 'if (request.method !== "GET")'),
  whole(
    "a POST is answered out of the cache",
    'if (request.method !== "GET" && !isHead) return this.#bypass(request);',
    "",
  ),
  whole("the Worker is asked for parts", '["Range", "If-Range",', '["If-Range",'),
  whole("the Worker is asked whether the viewer's copy still stands", '"If-Range", "If-None-Match", ', '"If-Range", '),
  whole("copies cross versions by themselves", 'crossVersion ? "" : version()', '""'),
  whole("the query's order does not count", "${pathname}${search}`", '${pathname}${[...search].sort().join("")}`'),
  whole("there is no upper tier", "if (far === null || (lower", "if (far !== null || (lower"),
  whole("a tier takes what a purge has named from another", "(lower.hasPurged(far) && !takesPurged)", "false"),
  whole("each of a crowd runs the Worker", "if (underWay !== undefined) {", "if (underWay === null) {"),
  whole(
    "a crowd shares what is not kept",
    "if (copy !== null && suits(copy, request.headers)) return",
    "if (copy === null) return new Response();\n      if (suits(copy, request.headers)) return",
  ),
  whole(
    "a purge is everywhere at once",
    "clock.after(purgeMs(), () => tier.hear(named, clock.now()))",
    "tier.hear(named, clock.now())",
  ),
  whole("a purge without a token is carried out", "if (!result.success) return result;", ""),
  whole("an answer is kept before it has come", "if (ms > 0) await clock.sleep(ms);", ""),
  whole("a stale copy is asked for without its tag", 'if (etag != null) asked.set("If-None-Match", etag);', ""),
  whole(
    "an error is passed on although a stale copy may stand in",
    "maybeStale(held, held.caching.ifError, now)",
    "held.path === now.toString()",
  ),
  whole(
    "nothing is served while it is asked for again",
    "maybeStale(held, held.caching.whileRevalidate, now)",
    "held.path === now.toString()",
  ),
];

/** What production does about it: without it histories behind the modelled cache show bytes that R2 has given up. */
export const CACHE_SHOWN: Mutation[] = [
  shown(
    "the edge tags by another id than the ledger purges",
    "workers/edge/src/workers-cache.ts",
    "encodeId(target.id)",
    "target.id",
  ),
  shown("a purge's end makes no call due", `${IMAGES}/sweeps.ts`, "  objectsSwept(tx, sweep.image);\n", ""),
  {
    ...shown(
      "a result that takes an older one's place makes no call due",
      "workers/consumer/src/ledger/ledger-tx.ts",
      "if (isEdgeCacheOn(this)) variantStored(",
      "if (false as boolean) variantStored(",
    ),
    histories: { rule: "oldcopies", favourites: ["look", "replace", "force", "accept"] },
  },
  shown(
    "a call is not repeated for what was on its way into the cache",
    `${IMAGES}/tables/cache-purges.ts`,
    "WHERE call = ?1 AND taken >= at + ?2 RETURNING",
    "WHERE call = ?1 AND taken + ?2 >= at RETURNING",
  ),
  shown(
    "a call that the platform has refused is not made again",
    "workers/edge/src/purge-cache.ts",
    "done?.success ? null",
    "done ? null",
  ),
  {
    ...shown("a purged copy stands in for an error", "workers/edge/src/workers-cache.ts", ", stale-if-error=0", ""),
    tests: BEHIND,
  },
  {
    ...shown(
      "an answer that is no variant is kept",
      "workers/edge/src/workers-cache.ts",
      'headers.set(LIFE, "no-store")',
      'headers.delete("x")',
    ),
    tests: BEHIND,
  },
];

function shown(breaks: string, file: string, find: string, replace: string): Mutation {
  return { promise: "P22", breaks, file, find, replace, tests: WORLD };
}

function field(breaks: string, find: string, replace: string): Mutation {
  return { promise: "P21", breaks, file: CACHING, find, replace, tests: FIELDS };
}

function fault(breaks: string, find: string, replace: string): Mutation {
  return { promise: "P21", breaks, file: "dev/limits/caching-fault.ts", find, replace, tests: FAULTS };
}

function model(file: string, breaks: string, find: string, replace: string): Mutation {
  return { promise: "P21", breaks, file: `${MODEL}/${file}`, find, replace, tests: RULES };
}

function whole(breaks: string, find: string, replace: string): Mutation {
  return model("modelled-workers-cache.ts", breaks, find, replace);
}
