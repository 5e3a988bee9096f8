import { usageError } from "../platform/exit-codes.ts";
import { named, type Version, versionsOf } from "./account.ts";
import type { Step } from "./plan.ts";
import { readMessage } from "./release.ts";
import type { Target, WorkerTarget } from "./target.ts";
import { must, type Wrangler } from "./wrangler.ts";

/** A commit that ran here, and whether a rollback accepts it. */
export interface Reach {
  tag: string;
  createdAt: string;
  /** Null: a rollback accepts it. Else the reason against it. */
  obstacle: string | null;
}

interface Deployed {
  worker: WorkerTarget;
  at: string[];
  running: Version | null;
  versions: Version[];
}

/** The commits of both Workers' newest versions, the newest first, each with the reason against a rollback to it. */
export async function readReach(target: Target, wrangler: Wrangler): Promise<Reach[]> {
  const { consumer, edge } = await readBoth(target, wrangler);
  const schema = readMessage(codeOf(consumer)?.message ?? "")?.schema ?? null;
  const tags = [...new Set(consumer.versions.map(({ tag }) => tag).filter((tag) => tag !== ""))];
  return tags.flatMap((tag) => {
    const version = byTag(consumer, tag);
    if (version === undefined) return [];
    return [{ tag, createdAt: version.createdAt, obstacle: obstacleTo(version, schema, byTag(edge, tag)) }];
  });
}

function obstacleTo(version: Version, schema: string | null, atEdge: Version | undefined): string | null {
  const its = readMessage(version.message)?.schema ?? null;
  if (its === null || schema === null)
    return "its tables of the ledger are unknown, because prewarm deploy did not deploy it";
  if (its !== schema)
    return "the ledger's tables are of another version and are never changed back: fix the fault by newer code";
  return atEdge === undefined ? "the edge has no version of it" : null;
}

/** Plans the way back to a commit: the edge before the consumer, so that no message is newer than its reader. Throws when the commit is out of reach. */
export async function planRollback(target: Target, to: string, wrangler: Wrangler): Promise<Step[]> {
  const reach = await readReach(target, wrangler);
  const aim = reach.find(({ tag }) => tag === to);
  if (aim === undefined)
    throw usageError(
      `No recent version is tagged ${to}. The recent versions: ${reach.map(({ tag }) => tag).join(", ") || "none"}.`,
    );
  if (aim.obstacle !== null) throw usageError(`${to} cannot be rolled back to: ${aim.obstacle}.`);
  const { consumer, edge } = await readBoth(target, wrangler);
  return [edge, consumer].map((deployed) => backStep(deployed, to, wrangler));
}

function backStep(deployed: Deployed, to: string, wrangler: Wrangler): Step {
  const { worker, at, running } = deployed;
  const runs = running?.tag || "a version without a tag";
  return {
    what: `Worker ${worker.name}`,
    todo: running?.tag === to ? null : `roll back to ${to} (${runs} runs)`,
    async run() {
      const id = byTag(deployed, to)?.id ?? "";
      await must(wrangler, { args: ["rollback", id, ...at, "--message", `Back to ${to}`, "--yes"] });
    },
  };
}

async function readBoth(target: Target, wrangler: Wrangler): Promise<Record<"consumer" | "edge", Deployed>> {
  const read = async (worker: WorkerTarget): Promise<Deployed> => {
    const at = named(worker.file, target.env);
    return { worker, at, ...(await versionsOf(wrangler, at)) };
  };
  return { consumer: await read(target.consumer), edge: await read(target.edge) };
}

function byTag({ versions }: Deployed, tag: string): Version | undefined {
  return versions.find((version) => version.tag === tag);
}

/** The deployment whose code runs: a change of a secret makes a version that says nothing of itself, with the code of the one before. */
function codeOf({ running, versions }: Deployed): Version | undefined {
  const from = versions.findIndex(({ id }) => id === running?.id);
  return from === -1 ? undefined : versions.slice(from).find(({ tag }) => tag !== "");
}
