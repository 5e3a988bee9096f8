import { at, breaks, type Mutation } from "./mutation.ts";

const CREATE = "packages/create-prewarm/src";
const WRANGLER = "packages/wrangler-files/src";

/** A site that installs Prewarm: its few files, and the wrangler files of its Workers. */
export const INSTALLING: readonly Mutation[] = [
  ...at({ file: `${CREATE}/site-files.ts`, tests: [`${CREATE}/create-site.test.ts`] }, [
    breaks("D2", "npm update stops before the next minor version", {
      find: '`>=${version} <${Number(version.split(".")[0]) + 1}`',
      replace: "`^${version}`",
    }),
  ]),
  ...at({ file: `${CREATE}/write-site.ts`, tests: [`${CREATE}/create-site.test.ts`] }, [
    breaks("D2", "a site is written into a folder that is in use", {
      find: "if (there.length === 0) return;",
      replace: "if (there.length < 99) return;",
    }),
    breaks("D2", "prewarm init replaces a file that is there", {
      find: "files.filter((file) => !isThere(file))",
      replace: "files",
      tests: [`${CREATE}/create-site.test.ts`, "apps/cli/src/commands/init.test.ts"],
    }),
  ]),
  ...at({ file: `${WRANGLER}/common.ts`, tests: [`${WRANGLER}/wrangler-files.test.ts`] }, [
    breaks("F9", "a fetch of the own zone goes past Access and firewall", {
      find: "compatibility_flags: [STRICTLY_PUBLIC, ...flags],",
      replace: "compatibility_flags: flags,",
    }),
    breaks("D2", "a Worker of the package does not find the site's configuration", {
      find: '...(site === undefined ? {} : { alias: { "prewarm-site": site } }),',
      replace: "",
    }),
  ]),
  ...at({ file: `${WRANGLER}/edge.ts`, tests: [`${WRANGLER}/wrangler-files.test.ts`] }, [
    breaks("D1", "a command of wrangler without -e acts on production", {
      find: "...bindings(local),",
      replace: "name: local.names.edge, ...bindings(local),",
    }),
  ]),
];
