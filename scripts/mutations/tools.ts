import type { Mutation } from "./promises.ts";

/* The cures of what a third review found in boot, the command line, the local stack and CI. */

export const TOOLS: Mutation[] = [
  {
    promise: "N4",
    breaks: "a pnpm of the PATH installs, which a folder above may have chosen",
    file: "scripts/boot-pnpm.mjs",
    find: "if (existsSync(command)) return command;",
    replace:
      'if ((await run("pnpm", ["--version"], dirname(root))).code === 0) return "pnpm";\n  if (existsSync(command)) return command;',
    tests: ["scripts/boot.test.ts"],
  },
  {
    promise: "N4",
    breaks: "programs of the folder above are on the PATH",
    file: "scripts/boot-pnpm.mjs",
    find: "filter((entry) => !foreign.has(entry))",
    replace: "filter((entry) => entry !== undefined)",
    tests: ["scripts/boot.test.ts"],
  },
  {
    promise: "N4",
    breaks: "npm takes the folder above for a workspace root and asks its registry",
    file: "scripts/boot-pnpm.mjs",
    find: '"--workspaces=false", ',
    replace: "",
    tests: ["scripts/boot.test.ts"],
  },
  {
    promise: "N4",
    breaks: "npm's settings of a workspace root above are handed on",
    file: "scripts/boot-pnpm.mjs",
    find: "if ([undefined, root].includes(env.npm_config_local_prefix)) return cleaned;",
    replace: 'if (env.npm_config_local_prefix !== "") return cleaned;',
    tests: ["scripts/boot.test.ts"],
  },
  {
    promise: "S1",
    breaks: "a hint of /readyz sets production's secret",
    file: "packages/shared/src/environment-check.ts",
    find: ' -e ${environment || "<env>"}`',
    replace: "`",
    tests: ["workers/consumer/src/config.test.ts"],
  },
  {
    promise: "S1",
    breaks: "`prewarm check --env staging` prints commands for production",
    file: "apps/cli/src/steps/check-deploy.ts",
    find: 'setSecret(name, environment ?? "production")',
    replace: 'setSecret(name, environment === null ? undefined : "production")',
    tests: ["apps/cli/src/commands/check.test.ts"],
  },
  {
    promise: "S3",
    breaks: "Ctrl-C leaves the lock behind",
    file: "scripts/boot.mjs",
    find: "    await endRunning(signal);\n    release();",
    replace: "    await endRunning(signal);",
    tests: ["scripts/boot.test.ts"],
  },
  {
    promise: "S3",
    breaks: "SIGTERM ends boot and leaves the installer running",
    file: "scripts/boot.mjs",
    find: "    await endRunning(signal);\n",
    replace: "",
    tests: ["scripts/boot.test.ts"],
  },
  {
    promise: "S3",
    breaks: "the lock of a dead owner is waited for when another process has its number",
    file: "scripts/boot-lock.mjs",
    find: "return born === bornOf(pid);",
    replace: "return true;",
    tests: ["scripts/boot.test.ts"],
  },
];
