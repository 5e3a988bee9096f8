import { named, versionsOf } from "./account.ts";
import type { Step } from "./plan.ts";
import type { Target, WorkerTarget } from "./target.ts";
import { must, type Wrangler } from "./wrangler.ts";

/** What is deployed. */
export interface Release {
  /** The commit; what is not committed has `-dirty` behind it, and is always deployed again. */
  tag: string;
  /** As `versionMessage` says it. */
  message: string;
}

const DIRTY = /-dirty$/;

/** The consumer before the edge: it reads every older message, and the edge may write newer ones at once. */
export async function planDeploy(
  target: Target,
  release: Release,
  deps: { wrangler: Wrangler; buildDashboard(): Promise<void> },
): Promise<Step[]> {
  const { wrangler, buildDashboard } = deps;
  const workers = [
    await workerStep(target, target.consumer, release, wrangler),
    await workerStep(target, target.edge, release, wrangler),
  ];
  const [consumer] = workers;
  const dashboard: Step = {
    what: "dashboard",
    todo: consumer?.todo == null ? null : "build it",
    run: buildDashboard,
  };
  return [dashboard, ...workers];
}

async function workerStep(
  target: Target,
  worker: WorkerTarget,
  { tag, message }: Release,
  wrangler: Wrangler,
): Promise<Step> {
  const at = named(worker.file, target.env);
  const { running } = await versionsOf(wrangler, at);
  const runs = running === null ? "nothing" : running.tag || "a version without a tag";
  const same = running?.tag === tag && !DIRTY.test(tag);
  return {
    what: `Worker ${worker.name}`,
    todo: same ? null : `deploy ${tag} (${runs} runs)`,
    async run() {
      await must(wrangler, { args: ["deploy", ...at, "--minify", "--tag", tag, "--message", message], shown: true });
    },
  };
}
