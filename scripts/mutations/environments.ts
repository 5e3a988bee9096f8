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
  {
    promise: "D1",
    breaks: "`provision --yes` takes a bucket with another program's objects",
    file: "apps/cli/src/deploy/plan.ts",
    find: "if (adopts === undefined || adopted.includes(adopts)) continue;",
    replace: "if (adopts === undefined || adopted.length === 0) continue;",
    tests: ["apps/cli/test/deploy.test.ts"],
  },
  {
    promise: "D1",
    breaks: "a command for an environment whose address is not known acts on the local stack",
    file: "apps/cli/src/arguments/settings.ts",
    find: "if (to === null) return;",
    replace: 'if (to !== "nowhere") return;',
    tests: ["apps/cli/test/deploy.test.ts"],
  },
  {
    promise: "D1",
    breaks: "a rollback passes a migration of the ledger that nobody agreed to",
    file: "apps/cli/src/deploy/rollback.ts",
    find: "aim.isPastMigration && !pastMigration",
    replace: "aim.isPastMigration && pastMigration",
    tests: ["apps/cli/test/deploy.test.ts"],
  },
  {
    promise: "D1",
    breaks: "a token goes to the address that another user wrote down",
    file: "apps/cli/src/site/places.ts",
    find: "if (uid !== null && owner !== uid && owner !== 0) return null;",
    replace: "if (uid !== null && owner !== uid && owner === 0) return null;",
    tests: ["apps/cli/src/commands/dev.test.ts"],
  },
];
