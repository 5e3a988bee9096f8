import type { Mutation } from "./promises.ts";

const CREATE = "packages/create-prewarm/src";

/** A site installs Prewarm and owns its few files (decision 081). */
export const PACKAGE_RULES: Mutation[] = [
  {
    promise: "D2",
    breaks: "a Worker of the package does not find the site's configuration",
    file: "packages/wrangler-files/src/common.ts",
    find: '...(site === undefined ? {} : { alias: { "prewarm-site": site } }),',
    replace: "",
    tests: ["packages/wrangler-files/src/wrangler-files.test.ts"],
  },
  {
    promise: "D2",
    breaks: "npm update stops before the next minor version",
    file: `${CREATE}/site-files.ts`,
    find: "`>=$" + "{version} <$" + '{Number(version.split(".")[0]) + 1}`',
    replace: "`^$" + "{version}`",
    tests: [`${CREATE}/create-site.test.ts`],
  },
  {
    promise: "D2",
    breaks: "a site is written into a folder that is in use",
    file: `${CREATE}/write-site.ts`,
    find: "if (there.length === 0) return;",
    replace: "if (there.length < 99) return;",
    tests: [`${CREATE}/create-site.test.ts`],
  },
  {
    promise: "D2",
    breaks: "prewarm init replaces a file that is there",
    file: `${CREATE}/write-site.ts`,
    find: "files.filter((file) => !isThere(file))",
    replace: "files",
    tests: [`${CREATE}/create-site.test.ts`, "apps/cli/src/commands/init.test.ts"],
  },
];
