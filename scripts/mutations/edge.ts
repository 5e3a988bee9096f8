import { at, breaks, type Mutation } from "./mutation.ts";

const SRC = "workers/edge/src";
const WORLD = "test/world";

/** The edge apart from misses: routes, signatures, hits, and the cache in front. */
export const EDGE: readonly Mutation[] = [
  ...at({ file: `${SRC}/config.ts`, tests: [`${SRC}/config.test.ts`] }, [
    breaks("N10", "nobody is told of a key that is not taken", {
      find: "if (short > 0) log(",
      replace: "if (short > 1e9) log(",
    }),
  ]),
  ...at({ file: `${SRC}/hit/conditional.ts`, tests: [`${SRC}/hit/conditional.test.ts`] }, [
    breaks("F1", "a range header of any length is read by a pattern whose neighbours match the same blanks", {
      find: String.raw`  if (header.length > RANGE_MAX) return WHOLE;
  const listed = /^bytes\s*=(.*)$/i.exec(header.trim())?.[1] ?? "";
  const members = listed.split(",").filter((member) => member.trim() !== "");
  if (members.length !== 1) return WHOLE;
  const parts = /^(\d{0,15})\s*-\s*(\d{0,15})$/.exec(members[0]?.trim() ?? "");`,
      replace: String.raw`  const listed = /^bytes\s*=(.*)$/i.exec(header.trim())?.[1] ?? "";
  const members = listed.split(",").filter((member) => member.trim() !== "");
  if (members.length !== 1) return WHOLE;
  const parts = /^(\d{0,15})\s*-\s*(\d{0,15})[\s,]*$/.exec(members[0]?.trim() ?? "");`,
    }),
  ]),
  ...at({ file: `${SRC}/hit/serve-variant.ts`, tests: [`${SRC}/edge-cache.test.ts`] }, [
    breaks("P19", "f=auto and a named format share a cache copy", {
      find: 'orElse.length === 0 ? "" : `?${orElse}`',
      replace: '""',
      tests: [`${SRC}/hit/smaller.test.ts`],
    }),
    breaks("P19", "an answer for want of the smaller one is kept", {
      find: " || smaller.isUnknown",
      replace: "",
      tests: [`${SRC}/hit/smaller.test.ts`],
    }),
    breaks("N5", "a stand-in is read though the request may read no more", {
      find: "  if (context.reads.left <= 0) return null;\n",
      replace: "",
      tests: [`${SRC}/miss/reads.test.ts`],
    }),
    breaks("P21", "an answer for want of the smaller format is kept in front", {
      find: " || smaller.isUnknown",
      replace: "",
    }),
    breaks("P21", "a copy lies where no purge reaches it", {
      find: "isInFront ? variant.body : teeIntoCache(",
      replace: "false ? variant.body : teeIntoCache(",
    }),
    breaks("P21", "a copy comes from where no purge reaches it", {
      find: "const matched = isInFront ? null",
      replace: "const matched = false ? null",
    }),
    breaks("P21", "a part is answered, which the cache in front does not keep", {
      find: "{ ...variant, size: null }",
      replace: "variant",
    }),
  ]),
  ...at({ file: `${SRC}/hit/smaller.ts`, tests: [`${SRC}/hit/smaller.test.ts`] }, [
    breaks("P19", "a format that has grown is served", { find: "read.value.size < inHand.size", replace: "true" }),
    breaks("P19", "a variant of another original is served", {
      find: " && etagOf(read.value) === etagOf(inHand)",
      replace: "",
    }),
  ]),
  ...at({ file: `${SRC}/note.ts`, tests: [`${SRC}/removed.test.ts`] }, [
    breaks("P20", "the edge redirects to the original of a removed image", {
      find: 'object.customMetadata?.removed === undefined ? info : "removed"',
      replace: "info",
    }),
  ]),
  ...at({ file: `${SRC}/purge-cache.ts`, tests: [`${SRC}/purge-cache.test.ts`] }, [
    breaks("P21", "a refused purge is noted as done", { find: "done?.success ? null", replace: "done ? null" }),
    breaks("P21", "a purge that throws is never noted", { find: "return String(error);", replace: "throw error;" }),
    breaks("P21", "a stranger's POSTs have no bound", {
      find: 'if (await isOverLimit({ headers, left: () => config.edgeBudgetMs }, limit, "purge ")) return;',
      replace: "void [headers, config, limit, isOverLimit];",
    }),
    breaks("P21", "one POST has no bound", { find: "const MOST_CALLS = 25;", replace: "const MOST_CALLS = 1_000;" }),
    breaks("P22", "a call that the platform has refused is not made again", {
      find: "done?.success ? null",
      replace: "done ? null",
      tests: [`${WORLD}/workers-cache.test.ts`],
    }),
  ]),
  ...at({ file: `${SRC}/request/check-signature.ts`, tests: [`${SRC}/request/image-signature.test.ts`] }, [
    breaks("L4", "an image's signature opens every transform", {
      find: 'if (verdict !== "ok" || (query.has("sc") && !inClosedSet))',
      replace: 'if (verdict !== "ok")',
    }),
    breaks("L4", "a scope without a signature is not judged", {
      find: '["s", "exp", "sc"].some(',
      replace: '["s", "exp"].some(',
    }),
  ]),
  ...at({ file: `${SRC}/request/target.ts`, tests: [`${SRC}/request/image-signature.test.ts`] }, [
    breaks("L4", "a scope opens versions where nothing is signed", {
      find: '(query.has("sc") && config.signing !== "off")',
      replace: 'query.has("sc")',
    }),
  ]),
  ...at({ file: `${SRC}/route.ts`, tests: [`${SRC}/purge-cache.test.ts`] }, [
    breaks("P4", "a bug of ours is a 500", {
      find: 'return answerMiss(context, "unavailable");',
      replace: "throw error;",
      tests: [`${SRC}/degradation.test.ts`],
    }),
    breaks("N1", "the edge reads the body of a method that it refuses", {
      find: 'if (method === "OPTIONS") return preflight();',
      replace: 'await request.body?.getReader().read();\n    if (method === "OPTIONS") return preflight();',
      tests: [`${SRC}/bodies.test.ts`],
    }),
    breaks("P21", "a stand-in is kept in place of the variant", {
      find: ' && response.headers.get("Cache-Status") === STORED',
      replace: ' && (response.headers.get("Cache-Status") === STORED || response.headers.has("Content-Location"))',
      tests: [`${SRC}/edge-cache.test.ts`],
    }),
    breaks("P21", "a POST to any address purges", {
      find: "URL.parse(request.url)?.pathname === IMAGES_PATH",
      replace: "true",
    }),
    breaks("P21", "whoever hangs up ends the purge", {
      find: "background(attempt(() => purgeCache(request, edge, cache)));",
      replace: "await attempt(() => purgeCache(request, edge, cache));",
    }),
  ]),
  ...at({ file: `${SRC}/time-limit.ts`, tests: [`${SRC}/degradation.test.ts`] }, [
    breaks("P4", "a binding that rejects is passed on", { find: "() => end(FAILED),", replace: "undefined," }),
    breaks("P4", "a binding that hangs is waited for", {
      find: "const timer = setTimeout(() => resolve(LATE), ms);",
      replace: "const timer = setTimeout(() => resolve(LATE), 60 * ms);",
    }),
  ]),
  ...at({ file: `${SRC}/workers-cache.ts`, tests: [`${SRC}/edge-cache.test.ts`] }, [
    breaks("P21", "an error of the edge shows a purged picture", { find: ", stale-if-error=0", replace: "" }),
    breaks("P21", "a signed copy outlives its permission", {
      find: "trimToExpiry(WORKERS_CACHE_SECONDS, expiresAt,",
      replace: "trimToExpiry(WORKERS_CACHE_SECONDS, null,",
    }),
    breaks("P21", "a signed copy that is over may be shown", { find: '", must-revalidate"', replace: '""' }),
    breaks("P21", "copies of a key cannot be taken back", { find: 'signed ? `,${SIGNED_TAG}` : ""', replace: '""' }),
    breaks("P21", "a long list of purges finds no buckets", { find: ",${bucketTag(id)}", replace: "" }),
    breaks("P21", "copies have tags that the ledger does not know", {
      find: "encodeId(target.id)",
      replace: "target.id",
    }),
    breaks("P21", "what is no variant is kept", {
      find: 'if (!headers.has(LIFE)) headers.set(LIFE, "no-store");',
      replace: "void headers;",
    }),
    breaks("P22", "the edge tags by another id than the ledger purges", {
      find: "encodeId(target.id)",
      replace: "target.id",
      tests: [`${WORLD}/workers-cache.test.ts`],
    }),
    breaks("P22", "a purged copy stands in for an error", {
      find: ", stale-if-error=0",
      replace: "",
      tests: [`${WORLD}/workers-cache/edge-behind.test.ts`],
    }),
    breaks("P22", "an answer that is no variant is kept", {
      find: 'headers.set(LIFE, "no-store")',
      replace: 'headers.delete("x")',
      tests: [`${WORLD}/workers-cache/edge-behind.test.ts`],
    }),
  ]),
];
