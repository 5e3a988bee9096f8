import { at, breaks, type Mutation } from "./mutation.ts";

const SRC = "workers/edge/src";

/** The edge apart from misses: routes, signatures and hits. */
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
  ...at({ file: `${SRC}/hit/serve-variant.ts`, tests: [`${SRC}/hit/smaller.test.ts`] }, [
    breaks("P19", "f=auto and a named format share a cache copy", {
      find: 'orElse.length === 0 ? "" : `?${orElse}`',
      replace: '""',
    }),
    breaks("P19", "an answer for want of the smaller one is kept", { find: " || smaller.isUnknown", replace: "" }),
    breaks("N5", "a stand-in is read though the request may read no more", {
      find: "  if (context.reads.left <= 0) return null;\n",
      replace: "",
      tests: [`${SRC}/miss/reads.test.ts`],
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
    breaks("L4", "a version is open to everybody where access is signed", {
      find: 'config.access !== "signed"',
      replace: 'config.access !== "private"',
      tests: [`${SRC}/request/check-signature.test.ts`],
    }),
  ]),
  ...at({ file: `${SRC}/route.ts`, tests: [`${SRC}/degradation.test.ts`] }, [
    breaks("P4", "a bug of ours is a 500", {
      find: 'return answerMiss({ context, original: originalOf(context), known: "unavailable" });',
      replace: "throw error;",
    }),
    breaks("N1", "the edge reads the body of a method that it refuses", {
      find: 'if (method === "OPTIONS") return preflight();',
      replace: 'await request.body?.getReader().read();\n    if (method === "OPTIONS") return preflight();',
      tests: [`${SRC}/bodies.test.ts`],
    }),
  ]),
  ...at({ file: `${SRC}/time-limit.ts`, tests: [`${SRC}/degradation.test.ts`] }, [
    breaks("P4", "a binding that rejects is passed on", { find: "() => end(FAILED),", replace: "undefined," }),
    breaks("P4", "a binding that hangs is waited for", {
      find: "const timer = setTimeout(() => resolve(LATE), ms);",
      replace: "const timer = setTimeout(() => resolve(LATE), 60 * ms);",
    }),
  ]),
];
