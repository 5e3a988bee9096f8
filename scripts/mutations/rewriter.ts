import { at, breaks, type Mutation } from "./mutation.ts";

const SRC = "workers/rewriter/src";
const CLIENT = "packages/client/src";

/** The rewriter: a page is the site's own but for images that are warm. */
export const REWRITER: readonly Mutation[] = [
  ...at({ file: `${SRC}/lookup.ts`, tests: [`${SRC}/rewriter.workerd.test.ts`] }, [
    breaks("W1", "a page waits for a slow lookup", {
      find: "setTimeout(resolve, ms, [])",
      replace: "setTimeout(resolve, 60_000, [])",
    }),
    breaks("W1", "a broken consumer is asked by every view", {
      find: "await keep(NOTHING, KEEP_FAILED_S);",
      replace: "",
    }),
  ]),
  ...at({ file: `${SRC}/page-images.ts`, tests: [`${SRC}/rewriter.workerd.test.ts`] }, [
    breaks("W1", "character references are not read", {
      find: 'return text === null ? null : (decoded(text) ?? "");',
      replace: "return text;",
    }),
  ]),
  ...at({ file: `${CLIENT}/html-page.ts`, tests: [`${SRC}/rewriter.workerd.test.ts`] }, [
    breaks("W1", "an image in a picture element is rewritten", {
      find: "if (APART.includes(tagName)) apart += 1;",
      replace: "",
    }),
    breaks("W1", "a policy in a meta element is not read", {
      find: 'isLeft ||= content === "" || forbids(content);',
      replace: "",
    }),
    breaks("W1", "a path of another host is the site's own", {
      find: "place.isElsewhere = URL.canParse(href, home) && new",
      replace: "place.isElsewhere = false && new",
    }),
    breaks("W1", "a page in Latin-1 is read as UTF-8", {
      find: "if (charset === null && said !== undefined",
      replace: "if (false && said",
    }),
  ]),
  ...at({ file: `${CLIENT}/html-page.ts`, tests: ["apps/cli/test/rewrite.test.ts"] }, [
    breaks("W1", "a part of a page gets the rule", { find: "isPage && !hasRule", replace: "!hasRule" }),
    breaks("W1", "a page with a policy gets an inline style", {
      find: "      place.hasPolicy = true;\n",
      replace: "",
    }),
  ]),
  ...at({ file: `${CLIENT}/html.ts`, tests: ["apps/cli/test/rewrite.test.ts"] }, [
    breaks("W3", "an image is as wide as the one picture that is stored", {
      find: "join(candidates(settings, shown, { widths, maxWidth }))",
      replace: "found.srcset",
    }),
    breaks("W3", "a lazy image is 300 px wide", {
      find: "sizes: srcset && `(min-width",
      replace: "sizes: srcset && `auto, (min-width",
    }),
    breaks("W3", "a share counts as px", { find: "(!unit && Number(number))", replace: "Number(number)" }),
  ]),
  ...at({ file: "packages/shared/src/content-policy.ts", tests: ["packages/shared/src/content-policy.test.ts"] }, [
    breaks("W1", "a policy counts by its last directive", {
      find: 'lower !== "" && !found.has(lower)',
      replace: 'lower !== ""',
    }),
  ]),
  ...at({ file: `${SRC}/read-ahead.ts`, tests: [`${SRC}/rewriter.workerd.test.ts`] }, [
    breaks("W1", "the first image waits for the end of the page", {
      find: "      }, readMs);",
      replace: "      }, 60_000);",
    }),
  ]),
  ...at({ file: `${SRC}/rewriter.ts`, tests: [`${SRC}/rewriter.workerd.test.ts`] }, [
    breaks("W1", "a fault of one image cuts the page off", {
      find: "  } catch {\n    return null;",
      replace: "  } catch (error) {\n    throw error;",
    }),
    breaks("W1", "the length of the site's page stays", {
      find: "for (const name of OUT_OF_DATE) headers.delete(name);",
      replace: "",
    }),
    breaks("W1", "a page that says no-transform is changed", {
      find: String.raw`!/\bno-transform\b/i.test(headers.get("cache-control") ?? "") &&`,
      replace: "",
    }),
  ]),
  ...at({ file: `${SRC}/validators.ts`, tests: [`${SRC}/rewriter.workerd.test.ts`] }, [
    breaks("W1", "a copy of another configuration is confirmed", {
      find: 'else headers.delete("if-none-match");',
      replace: 'else headers.set("if-none-match", tags.replaceAll(MARK, \'"\'));',
    }),
  ]),
];
