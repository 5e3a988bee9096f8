import { parseArgs } from "node:util";
import { linesOf } from "../../apps/cli/src/deploy/plan.ts";
import type { Wrangler } from "../../apps/cli/src/deploy/wrangler.ts";
import type { Assumption } from "./assumption.ts";
import { withDeployed } from "./cloudflare.ts";
import { createLab } from "./lab.ts";
import { startLocal } from "./local.ts";
import { observed } from "./report.ts";
import type { Place, Recorded } from "./results.ts";
import { type Results, runChecks } from "./run-checks.ts";

export const USAGE = `npm run prove -- conformance [--cloudflare] [--record]
  without a flag   runs every check against workerd on this machine
  --cloudflare     deploys the Worker prewarm-conformance with a queue and a bucket to the account, runs every check there, keeps the
                   results for docs/internals/proofs.md, and deletes all three. Needs CLOUDFLARE_API_TOKEN and CLOUDFLARE_ACCOUNT_ID.
  --record         keeps a local run's results too. Then: npm run tables`;

/** What the program works with; `main.ts` makes the real one, a test its own. */
export interface World {
  assumptions: readonly Assumption[];
  wrangler: Wrangler;
  env: Readonly<Record<string, string | undefined>>;
  tell(line: string): void;
  fetch: typeof fetch;
  /** The local runtime and its version. */
  runtime: string;
  today(): string;
  record(place: Place, recorded: Recorded): void;
}

/** Runs the checks and resolves with the exit code: 0 all was observed, 1 Cloudflare differs or something failed, 2 nothing was done. */
export async function runConformance(argv: readonly string[], world: World): Promise<number> {
  const { values } = parseArgs({
    args: argv.filter((argument) => argument !== "--"),
    options: {
      cloudflare: { type: "boolean", default: false },
      local: { type: "boolean", default: false },
      record: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help || (values.cloudflare && values.local)) {
    world.tell(USAGE);
    return 2;
  }
  return values.cloudflare ? onCloudflare(world) : locally(world, values.record);
}

async function locally(world: World, keeps: boolean): Promise<number> {
  const key = crypto.randomUUID();
  const worker = await startLocal(key);
  try {
    const results = await check(world, { url: worker.url, key, place: "local" });
    if (keeps) world.record("local", { day: world.today(), on: world.runtime, results });
  } finally {
    await worker.close();
  }
  return 0;
}

async function onCloudflare(world: World): Promise<number> {
  const missing = ["CLOUDFLARE_API_TOKEN", "CLOUDFLARE_ACCOUNT_ID"].filter((name) => !world.env[name]);
  if (missing.length > 0) {
    world.tell(`Nothing was done: set ${missing.join(" and ")}. The token needs the permissions of docs/install.md.`);
    return 2;
  }
  let results: Results = {};
  try {
    await withDeployed(
      world,
      async ({ url, key }) => {
        await answers(world, url, key);
        results = await check(world, { url, key, place: "cloudflare" });
      },
      async ({ url, key }) => {
        const cleaned = await world.fetch(`${url}/clean`, { headers: { authorization: `Bearer ${key}` } });
        if (!cleaned.ok) throw new Error(`${url}/clean answers ${cleaned.status}`);
      },
    );
  } catch (error) {
    for (const line of linesOf(error)) world.tell(line);
    return 1;
  }
  world.record("cloudflare", { day: world.today(), on: "Cloudflare", results });
  world.tell("Kept in test/platform/results.json. Print the table: npm run tables");
  return Object.values(results).some(({ verdict }) => verdict === "differs") ? 1 : 0;
}

async function check(world: World, at: { url: string; key: string; place: Place }): Promise<Results> {
  const lab = createLab({ ...at, fetch: world.fetch });
  const results = await runChecks(world.assumptions, lab, (name, judged) => world.tell(`${name}: ${observed(judged)}`));
  for (const { name, assumes, check: one } of world.assumptions)
    if (one === null) world.tell(`${name}: only assumed: ${assumes}`);
  return results;
}

/** A deployed Worker and its secret reach every place within a minute. */
async function answers({ fetch: send }: World, url: string, key: string): Promise<void> {
  const headers = { authorization: `Bearer ${key}` };
  for (let tries = 0; tries < 60; tries += 1) {
    const answer = await send(`${url}/healthz`, { headers }).catch(() => null);
    if (answer?.ok) return;
    await new Promise((resolve) => setTimeout(resolve, 1_000));
  }
  throw new Error(`${url} did not answer within a minute.`);
}
