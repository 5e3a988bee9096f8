import { at, breaks, type Mutation } from "./mutation.ts";

const SRC = "packages/legacy-urls/src";
const TESTS = "packages/legacy-urls/test";
const OPEN_SET_TESTS = [`${TESTS}/open-set.property.test.ts`, `${TESTS}/documented.test.ts`];
const HIDING_TESTS = [`${TESTS}/hiding.test.ts`];

/** Old URLs of other services open what new URLs open. */
export const LEGACY_URLS: readonly Mutation[] = [
  ...at({ file: `${SRC}/image-of.ts`, tests: [`${TESTS}/serve.test.ts`] }, [
    breaks("L7", "the edge fetches and serves remote pictures of anybody", {
      find: "(hosts.includes(remote.host) ? path : null)",
      replace: "path",
    }),
  ]),
  ...at({ file: `${SRC}/offer.ts`, tests: OPEN_SET_TESTS }, [
    breaks("L7", "an old URL names a variant outside the open set", {
      find: "all.every(({ closed }) => closed)",
      replace: "all.length > 0",
    }),
    breaks("L7", "an old URL names a variant that no upload makes", {
      find: "made?.has(formatTransform(transform)) ?? true",
      replace: "made !== undefined",
    }),
  ]),
  ...at({ file: `${SRC}/nearest-open.ts`, tests: OPEN_SET_TESTS }, [
    breaks("L7", "a named transformation that may blur shows the clear picture", {
      find: '"hiding")];',
      replace: '"unsupported")];',
      tests: HIDING_TESTS,
    }),
  ]),
  ...at({ file: `${SRC}/hiding-query.ts`, tests: HIDING_TESTS }, [
    breaks("L7", "the blur of an address within an old URL is forgotten", {
      find: "    if (hides(name, value)) hide(asked, name);\n",
      replace: '    if (name === "") hide(asked, name);\n',
    }),
  ]),
  ...at({ file: `${SRC}/vocabulary.ts`, tests: HIDING_TESTS }, [
    breaks("L7", "the blur of a service with a list of names shows the clear picture", {
      find: 'hides(name, value) ? "hiding" : undefined',
      replace: "undefined",
    }),
  ]),
  ...at({ file: `${SRC}/query.ts`, tests: HIDING_TESTS }, [
    breaks("L7", "a watermark of ImageKit is taken for nothing", {
      find: '\n  l: "hiding",',
      replace: '\n  l: "harmless",',
    }),
  ]),
  ...at({ file: `${SRC}/cloudinary-components.ts`, tests: HIDING_TESTS }, [
    breaks("L7", "an effect that is not known shows the clear picture", {
      find: "COSMETIC.has(name) ?",
      replace: '!name.startsWith("blur") ?',
    }),
    breaks("L7", "a second effect of a component hides the first one", {
      find: "for (const [key, value] of pairs)",
      replace: "for (const [key, value] of parameters)",
    }),
  ]),
  ...at({ file: `${SRC}/service.ts`, tests: [`${TESTS}/signatures.test.ts`] }, [
    breaks("L7", "an old URL that hides something shows the clear picture", {
      find: 'if (reading.exactness === "refused") return',
      replace: 'if (reading.id === "") return',
      tests: HIDING_TESTS,
    }),
    breaks("L7", "an old URL with a wrong signature is answered", {
      find: 'if (verdict === "bad" || isOver) return "&s=bad";',
      replace: 'if (verdict === "bad" || isOver) return "";',
    }),
    breaks("L7", "an old signature whose time is over still opens the image", {
      find: "clock.now() >= verdict.expires * 1000",
      replace: "clock.now() < 0",
    }),
    breaks("L7", "an answer that is only the nearest one does not say so", {
      find: 'answer.headers.append("Cache-Status",',
      replace: 'answer.headers.append("X-Nothing",',
      tests: [`${TESTS}/serve.test.ts`],
    }),
  ]),
];
