import type { Mutation } from "./promises.ts";

const FILES = "packages/wrangler-files/src";

/** A command acts on the environment that it names, and an environment on nothing of another's (decision 080). */
export const ENVIRONMENTS: Mutation[] = [
  {
    promise: "D1",
    breaks: "a command of wrangler without -e acts on production",
    file: `${FILES}/edge.ts`,
    find: "...bindings(local),",
    replace: "name: local.names.edge, ...bindings(local),",
    tests: [`${FILES}/wrangler-files.test.ts`],
  },
  {
    promise: "D1",
    breaks: "two environments of an account may share a queue or a bucket",
    file: "packages/shared/src/config-deploy-rules.ts",
    find: "if (mine.account === theirs.account || !mine.account || !theirs.account) {",
    replace: "if (mine.account !== undefined && mine.account === theirs.account) {",
    tests: ["packages/shared/src/config-check.deploy.test.ts"],
  },
  {
    promise: "D1",
    breaks: "an environment is deployed by a wrangler file that is not what the configuration says",
    file: "apps/cli/src/steps/open-target.ts",
    find: "if (stale.length > 0) throw",
    replace: "if (stale.length > 2) throw",
    tests: ["apps/cli/test/deploy.test.ts"],
  },
];
