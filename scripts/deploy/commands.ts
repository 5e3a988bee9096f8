import { join } from "node:path";
import { parseArgs } from "node:util";
import { findInstallation } from "../../apps/cli/src/site/installation.ts";
import { readyFiles } from "../../apps/cli/src/site/wrangler-files.ts";
import { checkFiles } from "../../apps/cli/src/steps/check-deploy.ts";
import type { Judged } from "../site-faults.ts";
import { planDeploy, type Release } from "./deploy.ts";
import { planDestroy } from "./destroy.ts";
import { carryOut, ENDED, type Ended, type Person } from "./plan.ts";
import { type Provisioning, planProvision } from "./provision.ts";
import { planRollback, readReach } from "./rollback.ts";
import { type Target, targetOf } from "./target.ts";
import type { Wrangler } from "./wrangler.ts";

/** What the commands work with; `main.ts` makes the real one, a test its own. */
export interface World {
  wrangler: Wrangler;
  /** Where both wrangler files are. */
  folder: string;
  site: Judged;
  env: Readonly<Record<string, string | undefined>>;
  person: Person;
  askSecret: Provisioning["askSecret"];
  /** What would be deployed now. */
  release(): Release;
  buildDashboard(): Promise<void>;
  /** Runs `prewarm` and resolves with its exit code. */
  prewarm(args: readonly string[]): Promise<number>;
}

interface Asked {
  target: Target;
  dryRun: boolean;
  yes: boolean;
  confirm: string | undefined;
  to: string | undefined;
  image: string | undefined;
}

type Run = (asked: Asked, world: World) => Promise<number>;

const COMMANDS: Readonly<Record<string, Run>> = { provision, deploy, smoke, rollback, destroy };

export const USAGE = `npm run provision | deploy | smoke | rollback | destroy -- --env <name> [--dry-run] [--yes]
  rollback  --to <tag>       without it: lists the commits that are accepted
  smoke     --image <id>     an image kept for this: its variants are purged
  destroy   --confirm <env>  in place of typing it`;

/** Runs one command and resolves with the exit code: 0 well, 1 something failed, 2 nothing was done. */
export async function runCommand(argv: readonly string[], world: World): Promise<number> {
  const { tell } = world.person;
  try {
    const { positionals, values } = parse(argv);
    const run = COMMANDS[positionals[0] ?? ""];
    if (run === undefined || positionals.length !== 1 || values.env === undefined) {
      tell(USAGE);
      return ENDED.refused;
    }
    const { config, faults } = world.site;
    if (config === null || faults.length > 0) throw new Error(`prewarm.config.ts is at fault:\n${faults.join("\n")}`);
    const { env, "dry-run": dryRun = false, yes = false, confirm, to, image } = values;
    const target = targetOf(config, env);
    const stale = readyFiles(findInstallation(join(world.folder, "prewarm.config.ts")), config);
    if (stale.length > 0) throw new Error(stale.join("\n"));
    demandAccount(target, world);
    return await run({ target, dryRun, yes, confirm, to, image }, world);
  } catch (error) {
    tell(error instanceof Error ? error.message : String(error));
    return ENDED.refused;
  }
}

/** wrangler finds a Worker's account by its file, and that of buckets and queues by the variable: they must be one. */
function demandAccount({ env, account }: Target, world: World): void {
  if (account === undefined || world.env.CLOUDFLARE_ACCOUNT_ID === account) return;
  throw new Error(`${env} is in the account ${account} (deploy.${env}.account): set CLOUDFLARE_ACCOUNT_ID to it.`);
}

function parse(argv: readonly string[]) {
  return parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: {
      env: { type: "string" },
      "dry-run": { type: "boolean" },
      yes: { type: "boolean" },
      confirm: { type: "string" },
      to: { type: "string" },
      image: { type: "string" },
    },
  });
}

async function provision({ target, dryRun, yes }: Asked, world: World): Promise<Ended> {
  const steps = await planProvision(target, provisioning(world));
  return carryOut(steps, { dryRun, given: yes, question: `Provision ${target.env}?`, answer: "yes" }, world.person);
}

function provisioning({ wrangler, site, env, askSecret }: World): Provisioning {
  if (site.config === null) throw new Error("there is no configuration");
  return { wrangler, site: site.config, value: (name) => env[name], askSecret };
}

/** What `prewarm check` calls a fault: a binding or an address that is missing. */
function fileFaults({ env }: Target, { site, folder }: World): string[] {
  if (site.config === null) return [];
  const findings = checkFiles(site.config, findInstallation(join(folder, "prewarm.config.ts")), env).filter(
    ({ state }) => state === "fault",
  );
  return findings.map(({ what, text }) => `${what}: ${text}`);
}

async function deploy({ target, dryRun, yes }: Asked, world: World): Promise<Ended> {
  const faults = fileFaults(target, world);
  if (faults.length > 0) throw new Error(faults.join("\n"));
  const missing = (await planProvision(target, provisioning(world))).filter(({ todo }) => todo !== null);
  if (missing.length > 0) {
    for (const { what, todo } of missing) world.person.tell(`missing: ${what}: ${todo}`);
    world.person.tell(`Run first: npm run provision -- --env ${target.env}`);
    return ENDED.refused;
  }
  const release = world.release();
  const steps = await planDeploy(target, release, world);
  const consent = { dryRun, given: yes, question: `Deploy ${release.tag} to ${target.env}?`, answer: "yes" };
  const ended = await carryOut(steps, consent, world.person);
  if (ended === ENDED.well && !dryRun)
    world.person.tell(`Look at it: npm run smoke -- --env ${target.env} --image <id>`);
  return ended;
}

async function rollback({ target, dryRun, yes, to }: Asked, { wrangler, person }: World): Promise<Ended> {
  if (to === undefined) {
    for (const { tag, createdAt, obstacle } of await readReach(target, wrangler))
      person.tell(`${createdAt.slice(0, 16)}  ${tag}  ${obstacle ?? "can be rolled back to"}`);
    person.tell(
      `Buckets, queues, secrets and the ledger's rows stay as they are. Go: npm run rollback -- --env ${target.env} --to <tag>`,
    );
    return ENDED.well;
  }
  const steps = await planRollback(target, to, wrangler);
  return carryOut(steps, { dryRun, given: yes, question: `Go back to ${to} in ${target.env}?`, answer: "yes" }, person);
}

async function destroy({ target, dryRun, confirm }: Asked, { wrangler, person }: World): Promise<Ended> {
  const { env } = target;
  const question = `This deletes ${env}, with its ledger. Nothing brings it back.`;
  return carryOut(
    await planDestroy(target, wrangler),
    { dryRun, given: confirm === env, question, answer: env },
    person,
  );
}

/** `prewarm smoke` with the environment's addresses. */
async function smoke({ target, dryRun, image }: Asked, { person, env, prewarm }: World): Promise<number> {
  const consumer = env.PREWARM_URL || target.addresses.consumer;
  const edge = env.PREWARM_EDGE_URL || target.addresses.edge;
  if (!consumer || !edge || image === undefined) {
    if (!consumer)
      person.tell(
        `Nothing says where the consumer of ${target.env} answers: PREWARM_URL=https://…, or control in deploy.${target.env} of prewarm.config.ts.`,
      );
    if (!edge)
      person.tell(
        `Nothing says where the edge of ${target.env} answers: PREWARM_EDGE_URL=https://…, or edge in deploy.${target.env} of prewarm.config.ts.`,
      );
    if (image === undefined)
      person.tell("Name an image that is kept for this, since its variants are purged: --image <id>");
    return ENDED.refused;
  }
  const args = ["smoke", image, "--url", consumer, "--edge-url", edge];
  if (!dryRun) return prewarm(args);
  person.tell(`todo  prewarm ${args.join(" ")}`);
  return ENDED.well;
}
