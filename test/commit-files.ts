import { changedFiles } from "../scripts/changed-files.ts";

/*
 * Which test files a commit runs. Node's and workerd's files run with each commit, but the long ones. An end-to-end file runs where the
 * commit touches a room that it is about, and those of the seams between the rooms always. `WHOLE=true npm test` runs every file, as the
 * nightly workflow does, and a file that the command names runs.
 */

/** Long virtual times, large inputs, packed programs, the pinned wrangler: more than 20 s each. */
export const NIGHTLY: readonly string[] = [
  "apps/cli/test/adopt-memory.test.ts",
  "apps/cli/test/leaves-home.test.ts",
  "apps/cli/test/memory.test.ts",
  "apps/cli/test/try-sites.e2e.test.ts",
  "apps/dashboard/test/faces.e2e.test.ts",
  "apps/dashboard/test/night.e2e.test.ts",
  "apps/dashboard/test/stack.e2e.test.ts",
  "apps/dashboard/test/truth.e2e.test.ts",
  "apps/docs-site/test/site.e2e.test.ts",
  "scripts/pack/packages.test.ts",
  "test/e2e/deploy.e2e.test.ts",
  "test/e2e/gallery.e2e.test.ts",
  "test/e2e/photo-page.e2e.test.ts",
  "test/e2e/upgrade.e2e.test.ts",
  "test/platform/cloudflare.e2e.test.ts",
  "test/platform/honesty.e2e.test.ts",
  "test/world/crash/crash-points.test.ts",
  "test/world/failing-results.test.ts",
  "test/world/histories/one-pace.test.ts",
  "test/world/list-shapes.test.ts",
  "test/world/strangers/ceilings.test.ts",
  "test/world/strangers/kept.test.ts",
  "test/world/strangers/month.test.ts",
  "test/world/strangers/strangers.test.ts",
  "workers/consumer/test/queue/budget.test.ts",
  "workers/consumer/test/queue/day-of-a-million.test.ts",
  "workers/consumer/test/queue/later-columns.test.ts",
  "workers/consumer/test/queue/year.test.ts",
];

/** One file of each seam: the edge and the pipeline behind it, upload hooks, sign-in, a page of the dashboard, a command. */
export const SEAMS: readonly string[] = [
  "apps/cli/test/warm.e2e.test.ts",
  "apps/dashboard/test/access.e2e.test.ts",
  "apps/dashboard/test/any-url.e2e.test.ts",
  "test/e2e/hooks.e2e.test.ts",
  "test/e2e/pipeline.e2e.test.ts",
];

const LEDGER = ["packages/durable-queue/", "workers/consumer/"];
const VIEWER = ["packages/shared/", "workers/edge/"];
const PAGES = ["packages/client/", "packages/site-pages/", "workers/rewriter/"];
const DASHBOARD = ["apps/dashboard/", "packages/control-schema/"];
const STACK = ["apps/cli/src/", "dev/"];
const ITTYBIT = [
  "packages/ittybit-emulator/",
  "workers/consumer/src/engine.ts",
  "workers/consumer/src/ittybit/",
  "workers/consumer/src/output/",
];

/** The rooms that each other end-to-end file is about, as beginnings of paths. */
export const ROOMS: Readonly<Record<string, readonly string[]>> = {
  "apps/cli/test/cli.e2e.test.ts": ["apps/cli/", "packages/control-schema/"],
  "apps/cli/test/coverage-browser.e2e.test.ts": ["apps/cli/src/pages/", "packages/site-pages/"],
  "apps/cli/test/coverage.e2e.test.ts": ["apps/cli/src/pages/", "packages/site-pages/"],
  "apps/cli/test/mcp.e2e.test.ts": ["apps/cli/src/"],
  "apps/cli/test/try.e2e.test.ts": [
    "apps/cli/src/try/",
    "apps/cli/src/commands/try.ts",
    "packages/client/src/html",
    "packages/site-pages/",
    "workers/rewriter/",
  ],
  "apps/dashboard/test/behaviour.e2e.test.ts": DASHBOARD,
  "apps/dashboard/test/comfort.e2e.test.ts": DASHBOARD,
  "apps/dashboard/test/keyboard.e2e.test.ts": DASHBOARD,
  "apps/dashboard/test/numbers.e2e.test.ts": [...DASHBOARD, "workers/consumer/src/ledger/views/"],
  "examples/durable-queue/kill.e2e.test.ts": ["examples/durable-queue/", "packages/durable-queue/"],
  "test/e2e/built-page.e2e.test.ts": PAGES,
  "test/e2e/dialects.e2e.test.ts": ITTYBIT,
  "test/e2e/drill.e2e.test.ts": [...STACK, "workers/consumer/src/api/"],
  "test/e2e/firefox.e2e.test.ts": PAGES,
  "test/e2e/first-hour.e2e.test.ts": ["apps/cli/src/", "dev/", "packages/create-prewarm/", "scripts/pack/"],
  "test/e2e/guard.e2e.test.ts": STACK,
  "test/e2e/ittybit.e2e.test.ts": ITTYBIT,
  "test/e2e/legacy-urls.e2e.test.ts": ["packages/legacy-urls/", ...VIEWER],
  "test/e2e/limits.e2e.test.ts": STACK,
  "test/e2e/one-download.e2e.test.ts": [...VIEWER, ...ITTYBIT, "workers/consumer/src/originals/"],
  "test/e2e/originals-folder.e2e.test.ts": STACK,
  "test/e2e/originals.e2e.test.ts": [...VIEWER, "workers/consumer/src/making/"],
  "test/e2e/own-functions.e2e.test.ts": [...VIEWER, "workers/consumer/src/hooks/"],
  "test/e2e/page.e2e.test.ts": ["examples/plain/", "packages/client/", ...VIEWER],
  "test/e2e/readme.e2e.test.ts": ["README.md", "apps/cli/", "dev/", "package.json", "scripts/newcomer/", "workers/"],
  "test/e2e/recovery.e2e.test.ts": LEDGER,
  "test/e2e/rewritten-boxes.e2e.test.ts": PAGES,
  "test/e2e/rewriter.e2e.test.ts": ["examples/rewriter/", ...PAGES],
  "test/e2e/skew.e2e.test.ts": LEDGER,
  "test/e2e/start.e2e.test.ts": STACK,
  "test/e2e/two-environments.e2e.test.ts": ["packages/wrangler-files/", "workers/consumer/", "workers/edge/"],
  "test/platform/conformance.e2e.test.ts": ["test/platform/"],
};

/** Whatever an end-to-end test may stand on: a change of it touches all rooms. */
const GROUND = ["package.json", "pnpm-lock.yaml", "test/e2e/stack.ts", "vitest.config.ts", "wrangler."];

/** The end-to-end files that a commit leaves out. `changed`: its files; null, where git does not know them, leaves none out. */
export function untouched(changed: readonly string[] | null): string[] {
  const isIn = (rooms: readonly string[]) => changed?.some((path) => rooms.some((room) => path.startsWith(room)));
  if (changed === null || isIn(GROUND)) return [];
  return Object.keys(ROOMS).filter((file) => !isIn([file, ...(ROOMS[file] ?? [])]));
}

/** Whether a vitest command names files. `args`: its arguments, `run` the first of them. */
function namesFiles(args: readonly string[]): boolean {
  return args.some((arg, at) => at > 0 && !arg.startsWith("-") && args[at - 1] !== "--project");
}

/** The files that a run leaves out; none with WHOLE=true, and none where the command names files. `args` as above. */
export function leftOut(args: readonly string[]): string[] {
  if (process.env.WHOLE === "true" || namesFiles(args)) return [];
  return [...NIGHTLY, ...untouched(changedFiles())];
}

/** Says once in a run which files it leaves out: vitest reads its configuration several times. */
export function setup(): void {
  const files = leftOut(process.argv.slice(2));
  if (files.length === 0) return;
  console.info(
    `This run leaves out ${NIGHTLY.length} long files and ${files.length - NIGHTLY.length} end-to-end files`,
  );
  console.info(
    `of rooms that the commit does not touch. \`WHOLE=true npm test\` runs all, as the nightly workflow does:`,
  );
  for (const file of files) console.info(`  ${file}`);
}
