import { numberOfCommit } from "./slice.ts";

/*
 * Files that are too long for each commit. Each commit runs one group of each ring; the nightly workflow runs all (WHOLE=true), and so does
 * whoever names a file. The groups of a ring take about as long as each other, so that no commit takes much longer than another.
 */
export const RINGS: readonly (readonly (readonly string[])[])[] = [
  // The stack, the pinned wrangler and the browser: about 130 s of processor time a group.
  [
    ["test/e2e/deploy.e2e.test.ts"],
    ["test/e2e/upgrade.e2e.test.ts", "test/platform/honesty.e2e.test.ts"],
    ["apps/dashboard/test/truth.e2e.test.ts"],
    ["apps/dashboard/test/night.e2e.test.ts", "apps/dashboard/test/stack.e2e.test.ts"],
    ["apps/docs-site/test/site.e2e.test.ts"],
    ["test/e2e/photo-page.e2e.test.ts", "test/e2e/gallery.e2e.test.ts"],
    ["apps/dashboard/test/faces.e2e.test.ts", "test/platform/cloudflare.e2e.test.ts"],
  ],
  // Long virtual times and large inputs: about 60 s a group.
  [
    ["test/world/strangers/month.test.ts", "test/world/histories/one-pace.test.ts"],
    ["workers/consumer/test/queue/budget.test.ts", "apps/cli/test/adopt-memory.test.ts"],
    ["apps/cli/test/memory.test.ts", "workers/consumer/test/queue/year.test.ts"],
    ["ceilings", "kept", "strangers"].map((name) => `test/world/strangers/${name}.test.ts`),
  ],
  // The whole system under one kind of trouble: about 25 s a group.
  [
    ["test/world/crash/crash-points.test.ts"],
    ["test/world/list-shapes.test.ts"],
    ["test/world/webhooks.test.ts", "test/world/failing-results.test.ts"],
  ],
  // Packed programs, which a later step of CI packs and judges again: about 25 s a group.
  [["apps/cli/test/leaves-home.test.ts"], ["scripts/pack/packages.test.ts"]],
];

/** The files of a ring that a commit does not run. */
export function leftOutOf(ring: readonly (readonly string[])[], number: number): readonly string[] {
  return ring.filter((_, group) => group !== number % ring.length).flat();
}

/** Whether a vitest command names files. `args`: its arguments, `run` the first of them. */
function namesFiles(args: readonly string[]): boolean {
  return args.some((arg, at) => at > 0 && !arg.startsWith("-") && args[at - 1] !== "--project");
}

/** What a run leaves out; nothing with WHOLE=true, and nothing where files are named. `args` as above. */
export function leftOut(args: readonly string[]): readonly string[] {
  if (process.env.WHOLE === "true" || namesFiles(args)) return [];
  return RINGS.flatMap((ring) => leftOutOf(ring, numberOfCommit("rings")));
}

/** Says once in a run what it leaves out: vitest reads its configuration several times. */
export function setup(): void {
  const files = leftOut(process.argv.slice(2));
  if (files.length === 0) return;
  console.info(`rings: ${files.length} long files wait for another commit; WHOLE=true runs all, as every night:`);
  for (const file of files) console.info(`  ${file}`);
}
