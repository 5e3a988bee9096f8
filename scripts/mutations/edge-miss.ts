import { at, breaks, type Mutation } from "./mutation.ts";

const ROOM = "workers/edge/src/miss";
const HIT = "workers/edge/src/hit";
const SRC = "workers/edge/src";
const WORLD = "test/world";
const STAND_IN_TESTS = [`${HIT}/stand-in.test.ts`, `${HIT}/best-stored.test.ts`];

/** The edge where the asked variant is not stored: what answers instead, and the message to the consumer. */
export const EDGE_MISS: readonly Mutation[] = [
  ...at({ file: `${ROOM}/answer-miss.ts`, tests: [`${SRC}/private-originals.test.ts`] }, [
    breaks("P14", "a stranger is told that a private original is missing", {
      find: ' && original.kind === "bucket" && !isPrivate)',
      replace: ' && original.kind === "bucket")',
    }),
    breaks("P14", "a header tells whether a private original exists", {
      find: "isPrivate ? null : said(detail)",
      replace: "said(detail)",
    }),
  ]),
  ...at({ file: `${ROOM}/ask-once.ts`, tests: [`${ROOM}/ask-once.test.ts`] }, [
    breaks("P3", "the edge sends no message although the consumer has not recorded the miss", {
      find: "return (recorded?.ok && recorded.value) || live.send(message);",
      replace: "return recorded !== null || live.send(message);",
    }),
    breaks("P13", "an unknown image is called in", {
      find: "message.unknown ? null : () =>",
      replace: "false ? null : () =>",
    }),
    breaks("N5", "a refused network costs a marker's read each time", {
      find: '  if (recentMisses.get(network, now) !== null) return "capped";\n',
      replace: "",
      tests: [`${ROOM}/reads.test.ts`],
    }),
    breaks("N5", "the edge does not say how many a network has asked for", {
      find: "{ unknown: true, nth }",
      replace: "{ unknown: true }",
      tests: [`${WORLD}/strangers/busy-machine.test.ts`, `${ROOM}/ask-once.test.ts`],
    }),
  ]),
  ...at({ file: `${HIT}/best-stored.ts`, tests: STAND_IN_TESTS }, [
    breaks("P18", "a narrower picture answers for good", {
      find: "sizeOf(other, original).width >= sizeOf(asked, original).width",
      replace: "sizeOf(other, original).width >= 1",
    }),
    breaks("P18", "a poorer picture answers for good", { find: "return isFine && ", replace: "return " }),
    breaks("P18", "a whole picture answers for a crop for good", {
      find: "  if (shapeGap(other, asked, original) !== 0) return false;\n",
      replace: "",
    }),
    breaks("P18", "a narrow one comes before a wide one", { find: "isNarrow ? 1 / width : 0,", replace: "0," }),
    breaks("P18", "of too narrow ones it is not the widest", {
      find: "isNarrow ? 1 / width : 0,",
      replace: "isNarrow ? 1 : 0,",
    }),
    breaks("P18", "another shape comes first", { find: "    shapeGap(each, asked, original),\n", replace: "" }),
    breaks("P18", "the closest width does not count", { find: "    distance,\n", replace: "" }),
    breaks("P18", "a guessed format comes before a proven one", { find: "isProven ? 0 : 1,", replace: "0," }),
  ]),
  ...at({ file: `${SRC}/request/original.ts`, tests: [`${SRC}/private-originals.test.ts`] }, [
    breaks("F2", "a bucket's original is shown whatever its source says", {
      find: "return original.hidden || edge.keys.length === 0",
      replace: "return edge.keys.length === 0",
    }),
  ]),
  ...at({ file: `${HIT}/read-info.ts`, tests: [`${ROOM}/reads.test.ts`] }, [
    breaks("N5", "a page that waits by HEAD never sees what no note lists", {
      find: '(method === "HEAD" ? HEAD_REPEAT_MS : REPEAT_MS)',
      replace: "REPEAT_MS",
    }),
    breaks("N5", "a note is read again by each request", {
      find: "if (kept !== undefined && clock.now() <",
      replace: "if (kept !== undefined && 0 >",
    }),
  ]),
  ...at({ file: `${HIT}/serve-other.ts`, tests: [`${ROOM}/reads.test.ts`] }, [
    breaks("N5", "a HEAD reads what the note does not list", {
      find: 'method === "HEAD" || hasStandIn ? 1 : 0',
      replace: "hasStandIn ? 1 : 0",
    }),
    breaks("N5", "a HEAD reads what no note can list", {
      find: 'isListed(info, same) ?? method !== "HEAD"',
      replace: "isListed(info, same) ?? true",
    }),
  ]),
  ...at({ file: `${ROOM}/skip-reason.ts`, tests: [`${ROOM}/reads.test.ts`] }, [
    breaks("F4", "edges shed nothing of a known image", {
      find: "gate.value.shed && !target.signed",
      replace: "gate.value.shed && !asked.isKnown && !target.signed",
      tests: [`${ROOM}/ask-once.test.ts`],
    }),
    breaks("F4", "edges shed signed misses too", {
      find: "gate.value.shed && !target.signed",
      replace: "gate.value.shed",
      tests: [`${ROOM}/ask-once.test.ts`],
    }),
    breaks("N5", "a marker is read though the request may read no more", {
      find: "context.reads.left > 0 ? wait : 0",
      replace: "wait",
    }),
    breaks("N5", "a message in vain is preceded by the same marker each time", {
      find: "isNew || timesAsked % 2 === 1",
      replace: "isNew",
    }),
  ]),
  ...at({ file: `${HIT}/stand-in.ts`, tests: STAND_IN_TESTS }, [
    breaks("P18", "a stand-in outlives its URL", {
      find: "trimToExpiry(STAND_IN_SECONDS, expiresAt,",
      replace: "trimToExpiry(STAND_IN_SECONDS, null,",
    }),
    breaks("P18", "a stand-in does not vary with Accept", { find: "    negotiated: true,\n", replace: "" }),
    breaks("P18", "the 16 px placeholder comes before an original that may be shown", {
      find: "isLast && info.lqip",
      replace: "info.lqip",
    }),
    breaks("P18", "a signature opens more than its variant", {
      find: "return isOpen || showsNoMore(other, target.transform, info);",
      replace: "return isOpen || target.signed;",
      tests: [`${SRC}/private-originals.test.ts`],
    }),
    breaks("P18", "a variant that uploads make is never made, because another one answers", {
      find: " || madeFormats(edge.config).includes(transform.format)",
      replace: "",
    }),
    breaks("P18", "a picture in a format that the client does not show answers for good", {
      find: "shown.includes(each.format) && ",
      replace: "",
    }),
    breaks("P14", "an answer shows a stranger more of a hidden original than was asked for", {
      find: " && mayShow(context, original, info, stored) ? stored",
      replace: " ? stored",
    }),
    breaks("P14", "a stand-in is larger than a stranger may ask for", {
      find: " && !isWithheld(config, target.id, other)",
      replace: "",
      tests: [`${SRC}/private-originals.test.ts`],
    }),
  ]),
  ...at({ file: `${ROOM}/stream-original.ts`, tests: [`${ROOM}/stream-original.test.ts`] }, [
    breaks("F3", "anybody makes the edge ask an origin for any number of made-up ids", {
      find: '(await isOverLimit(context, edge.limit, "stream ")) ? null',
      replace: '(await isOverLimit(context, edge.limit, "stream ")) === null ? null',
    }),
  ]),
];
