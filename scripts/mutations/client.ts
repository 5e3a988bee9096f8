import { at, breaks, type Mutation } from "./mutation.ts";

const SRC = "packages/client/src";

/** The client: URLs and pages that ask for what uploads make. */
export const CLIENT: readonly Mutation[] = [
  ...at({ file: `${SRC}/cms/emdash.ts`, tests: [`${SRC}/cms/emdash.test.ts`] }, [
    breaks("L1", "an image that EmDash deletes stays at the edge", {
      find: 'if (IMAGE.test(key)) await announce("image.deleted", key);',
      replace: "",
    }),
    breaks("L1", "EmDash's deliveries go out of order after an outage of the hook", {
      find: "files.map(({ key }) => key).sort()",
      replace: "files.map(({ key }) => key)",
    }),
  ]),
  ...at({ file: `${SRC}/cms/payload.ts`, tests: [`${SRC}/cms/payload.test.ts`] }, [
    breaks("L1", "a new alternative text announces an upload of Payload again", {
      find: "now.v !== before.v",
      replace: "true",
    }),
  ]),
  ...at({ file: `${SRC}/image-url.ts`, tests: [`${SRC}/recipe.property.test.ts`] }, [
    breaks("L1", "a page asks for a crop that no upload makes", {
      find: "return pages.ratios.find((each) => each === ratio);",
      replace: "return ratios.find((each) => each === ratio);",
    }),
  ]),
  ...at({ file: `${SRC}/inspect.ts`, tests: [`${SRC}/inspect.test.ts`] }, [
    breaks("W2", "the inspector takes its own question for the page's request", {
      find: 'entries.findLast(({ initiatorType }) => initiatorType === "img")',
      replace: "entries.at(-1)",
    }),
    breaks("W2", "looking at an image asks for it", {
      find: '{ ...AS_IMAGE, method: "HEAD", cache: "no-store" }',
      replace: '{ ...AS_IMAGE, cache: "no-store" }',
    }),
  ]),
  ...at({ file: `${SRC}/server.ts`, tests: [`${SRC}/server.test.ts`] }, [
    breaks("L4", "a site that is built without a key is signed by an empty one", {
      find: 'demand(key, key !== "", "a signing key");',
      replace: "",
    }),
  ]),
];
