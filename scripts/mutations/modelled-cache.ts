import { at, breaks, type Mutation } from "./mutation.ts";

const MODEL = "test/world/workers-cache";

/** The modelled Workers Cache: a model that forgets a rule proves nothing. */
export const MODELLED_CACHE: readonly Mutation[] = [
  ...at({ file: `${MODEL}/copy.ts`, tests: [`${MODEL}/modelled-workers-cache.test.ts`] }, [
    breaks("P21", "spellings of a header that an answer varies by are taken for one", {
      find: "asked.get(name) === value",
      replace: 'asked.get(name)?.replaceAll(" ", "") === value?.replaceAll(" ", "")',
    }),
    breaks("P21", "a copy is fresh for ever", {
      find: "ageOf(copy, now) < copy.caching.seconds * 1_000",
      replace: "ageOf(copy, now) >= 0",
    }),
    breaks("P21", "an invalidated copy is fresh", { find: "!copy.invalidated && ", replace: "" }),
    breaks("P21", "a 304 changes no field of the copy", {
      find: "response.headers.forEach((value, name) => void headers.set(name, value));",
      replace: "",
    }),
    breaks("P21", "tags are told apart by their case", { find: "tag.toLowerCase()", replace: "tag" }),
  ]),
  ...at({ file: `${MODEL}/modelled-workers-cache.ts`, tests: [`${MODEL}/modelled-workers-cache.test.ts`] }, [
    breaks("P21", "HEAD passes the cache by", {
      find: 'if (request.method !== "GET" && !isHead)',
      replace: 'if (request.method !== "GET")',
    }),
    breaks("P21", "a POST is answered out of the cache", {
      find: 'if (request.method !== "GET" && !isHead) return this.#bypass(request);',
      replace: "",
    }),
    breaks("P21", "the Worker is asked for parts", { find: '["Range", "If-Range",', replace: '["If-Range",' }),
    breaks("P21", "the Worker is asked whether the viewer's copy still stands", {
      find: '"If-Range", "If-None-Match", ',
      replace: '"If-Range", ',
    }),
    breaks("P21", "copies cross versions by themselves", { find: 'crossVersion ? "" : version()', replace: '""' }),
    breaks("P21", "the query's order does not count", {
      find: "${pathname}${search}`",
      replace: '${pathname}${[...search].sort().join("")}`',
    }),
    breaks("P21", "there is no upper tier", {
      find: "if (far === null || (lower",
      replace: "if (far !== null || (lower",
    }),
    breaks("P21", "a tier takes what a purge has named from another", {
      find: "(lower.hasPurged(far) && !takesPurged)",
      replace: "false",
    }),
    breaks("P21", "each of a crowd runs the Worker", {
      find: "if (underWay !== undefined) {",
      replace: "if (underWay === null) {",
    }),
    breaks("P21", "a crowd shares what is not kept", {
      find: "if (copy !== null && suits(copy, request.headers)) return",
      replace: "if (copy === null) return new Response();\n      if (suits(copy, request.headers)) return",
    }),
    breaks("P21", "a purge is everywhere at once", {
      find: "clock.after(purgeMs(), () => tier.hear(named, clock.now()))",
      replace: "tier.hear(named, clock.now())",
    }),
    breaks("P21", "a purge without a token is carried out", {
      find: "if (!result.success) return result;",
      replace: "",
    }),
    breaks("P21", "an answer is kept before it has come", { find: "if (ms > 0) await clock.sleep(ms);", replace: "" }),
    breaks("P21", "a stale copy is asked for without its tag", {
      find: 'if (etag != null) asked.set("If-None-Match", etag);',
      replace: "",
    }),
    breaks("P21", "an error is passed on although a stale copy may stand in", {
      find: "maybeStale(held, held.caching.ifError, now)",
      replace: "held.path === now.toString()",
    }),
    breaks("P21", "nothing is served while it is asked for again", {
      find: "maybeStale(held, held.caching.whileRevalidate, now)",
      replace: "held.path === now.toString()",
    }),
  ]),
  ...at({ file: `${MODEL}/purge-account.ts`, tests: [`${MODEL}/modelled-workers-cache.test.ts`] }, [
    breaks("P21", "purges cost no token", { find: "this.#tokens -= 1;", replace: "" }),
    breaks("P21", "tokens come back at once", {
      find: "((now - this.#at) / 60_000) * CALLS_PER_MINUTE",
      replace: "BURST",
    }),
    breaks("P21", "a call takes any number of tags", {
      find: "tags.length + pathPrefixes.length > OPERATIONS_MAX",
      replace: "false",
    }),
  ]),
  ...at({ file: `${MODEL}/tier.ts`, tests: [`${MODEL}/modelled-workers-cache.test.ts`] }, [
    breaks("P21", "a purge ends every copy", {
      find: 'named.kind === "invalidate" || !isNamed(copy, named)',
      replace: "copy === undefined",
    }),
    breaks("P21", "a purge names no paths", {
      find: " || named.pathPrefixes.some((prefix) => path.startsWith(prefix))",
      replace: "",
    }),
    breaks("P21", "one copy stands of a key, however it varies", {
      find: "(other) => !sameVariant(other, copy)",
      replace: "(other) => sameVariant(other, other) && false",
    }),
  ]),
  ...at({ file: `${MODEL}/to-client.ts`, tests: [`${MODEL}/modelled-workers-cache.test.ts`] }, [
    breaks("P21", "clients see the tags", { find: '["Cache-Tag", ', replace: "[" }),
    breaks("P21", "a copy does not tell its age", {
      find: 'if (how !== "MISS") headers.set("Age",',
      replace: 'if (false as boolean) headers.set("Age",',
    }),
    breaks("P21", "the cache cuts no parts", {
      find: "const part = status === 200 ?",
      replace: "const part = status === 0 ?",
    }),
    breaks("P21", "the cache compares no tags", {
      find: "status === 200 && isKnown(",
      replace: "status === 0 && isKnown(",
    }),
  ]),
];
