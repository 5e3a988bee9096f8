import { named, versionsOf } from "./account.ts";
import type { Step } from "./plan.ts";
import type { Release } from "./release.ts";
import type { Target, WorkerTarget } from "./target.ts";
import { must, type Wrangler } from "./wrangler.ts";

const DIRTY = /-dirty$/;
/** wrangler prints it after a deploy. */
const ADDRESS = /https:\/\/[\w.-]+\.workers\.dev/;

export interface Deploying {
  wrangler: Wrangler;
  buildDashboard(): Promise<void>;
  /** Keeps the address that a Worker got on workers.dev. */
  remember(role: WorkerTarget["role"], url: string): void;
}

/** The consumer before the edge: it reads every older message, and the edge may write newer ones at once. */
export async function planDeploy(target: Target, release: Release, deps: Deploying): Promise<Step[]> {
  const workers = [
    await workerStep(target, target.consumer, release, deps),
    await workerStep(target, target.edge, release, deps),
  ];
  const [consumer] = workers;
  const dashboard: Step = {
    what: "dashboard",
    todo: consumer?.todo == null ? null : "build it",
    run: deps.buildDashboard,
  };
  return [dashboard, ...workers];
}

async function workerStep(
  target: Target,
  worker: WorkerTarget,
  { tag, message }: Release,
  { wrangler, remember }: Deploying,
): Promise<Step> {
  const at = named(worker.file, target.env);
  const { running } = await versionsOf(wrangler, at);
  const runs = running === null ? "nothing" : running.tag || "a version without a tag";
  const same = running?.tag === tag && !DIRTY.test(tag);
  return {
    what: `Worker ${worker.name}`,
    todo: same ? null : `deploy ${tag} (${runs} runs)`,
    async run() {
      const args = ["deploy", ...at, "--minify", "--tag", tag, "--message", message];
      const [url] = ADDRESS.exec(await must(wrangler, { args, shown: true })) ?? [];
      if (url !== undefined) remember(worker.role, url);
    },
  };
}
