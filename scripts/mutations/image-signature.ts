import type { Mutation } from "./promises.ts";

const EDGE = "workers/edge/src/request";
const TESTS = [`${EDGE}/image-signature.test.ts`];
const SIGNED = "/^(exp|sc|v)$/";

const of = (breaks: string, file: string, find: string, replace: string): Mutation => {
  return { promise: "L4", breaks, file, find, replace, tests: TESTS };
};

/* One signature for an image (docs/security.md): each check of it taken out. */
export const IMAGE_SIGNATURES: Mutation[] = [
  of("a URL's own signature is one of the image", "packages/shared/src/signature.ts", SIGNED, "/^(exp|v)$/"),
  of("an image's signature is of every version", "packages/shared/src/signature.ts", SIGNED, "/^(exp|sc)$/"),
  of("an image's signature has no end", "packages/shared/src/signature.ts", SIGNED, "/^(sc|v)$/"),
  of(
    "an image's signature opens every transform",
    `${EDGE}/check-signature.ts`,
    'if (verdict !== "ok" || (query.has("sc") && !inClosedSet))',
    'if (verdict !== "ok")',
  ),
  of(
    "a scope without a signature is not judged",
    `${EDGE}/check-signature.ts`,
    '["s", "exp", "sc"].some(',
    '["s", "exp"].some(',
  ),
  of(
    "a scope opens versions where nothing is signed",
    `${EDGE}/target.ts`,
    '(query.has("sc") && config.signing !== "off")',
    'query.has("sc")',
  ),
  of(
    "every scope is taken",
    "packages/shared/src/parameter-values.ts",
    'if (text === "image") return text;',
    "if (text) return text;",
  ),
  {
    promise: "L4",
    breaks: "a site that is built without a key is signed by an empty one",
    file: "packages/client/src/server.ts",
    find: 'demand(key, key !== "", "a signing key");',
    replace: "",
    tests: ["packages/client/src/server.test.ts"],
  },
];
