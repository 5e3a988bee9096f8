import { usageError } from "../platform/exit-codes.ts";
import { named, type Version, versionsOf } from "./account.ts";
import type { Step } from "./plan.ts";
import { commitIn, readMessage } from "./release.ts";
import type { Target, WorkerTarget } from "./target.ts";
import { must, type Wrangler } from "./wrangler.ts";

/** A version that ran here, and whether a rollback accepts it. */
export interface Reach {
  tag: string;
  createdAt: string;
  /** Null: a rollback accepts it. Else the reason against it. */
  obstacle: string | null;
  /** The ledger's tables are newer than its code: it runs on them, and does not find what only newer code wrote (CHANGELOG, Stored formats). */
  isPastMigration: boolean;
}

export interface Deployed {
  worker: WorkerTarget;
  at: string[];
  running: Version | null;
  versions: Version[];
}

/** The names of both Workers' newest versions, the newest first, each with the reason against a rollback to it. */
export async function readReach(target: Target, wrangler: Wrangler): Promise<Reach[]> {
  const { consumer, edge } = await readBoth(target, wrangler);
  // Tables are never changed back, so the newest version says what they are, also after a rollback.
  const newest = readMessage(consumer.versions.find(({ tag }) => tag !== "")?.message ?? "");
  const tags = [...new Set(consumer.versions.map(({ tag }) => tag).filter((tag) => tag !== ""))];
  return tags.flatMap((tag) => {
    const version = byTag(consumer, tag);
    if (version === undefined) return [];
    const { createdAt, message } = version;
    const its = readMessage(message);
    const obstacle = obstacleTo(its, newest, byTag(edge, tag));
    return [{ tag, createdAt, obstacle, isPastMigration: obstacle === null && its?.schema !== newest?.schema }];
  });
}

function obstacleTo(its: Said, newest: Said, atEdge: Version | undefined): string | null {
  if (its === null || newest === null)
    return "its tables of the ledger are unknown, because prewarm deploy did not deploy it";
  if (majorOf(its) !== majorOf(newest))
    return `it is Prewarm ${its.version}, which cannot use the tables of ${newest.version}: fix the fault by newer code`;
  return atEdge === undefined ? "the edge has no version of it" : null;
}

type Said = ReturnType<typeof readMessage>;

/** A table or a column is taken away in a major version only (CONTRIBUTING.md). */
function majorOf({ version }: NonNullable<Said>): string | undefined {
  return version.split(".")[0];
}

/**
 * Plans the way back to a version: the edge before the consumer, so that no message is newer than its reader. Throws when it is out of reach, or
 * lies before a migration and `pastMigration` does not say that this is meant.
 */
export async function planRollback(
  target: Target,
  to: string,
  { pastMigration }: { pastMigration: boolean },
  wrangler: Wrangler,
): Promise<Step[]> {
  const reach = await readReach(target, wrangler);
  const aim = chooseVersion(reach, to);
  if (aim.obstacle !== null) throw usageError(`${aim.tag} cannot be rolled back to: ${aim.obstacle}.`);
  if (aim.isPastMigration && !pastMigration)
    throw usageError(
      `The ledger's tables are newer than ${aim.tag}: it runs, and does not find what only newer code wrote.`,
      "Read Stored formats in CHANGELOG.md and export the ledger (prewarm ledger export). Then add --past-migration.",
    );
  const { consumer, edge } = await readBoth(target, wrangler);
  return [edge, consumer].map((deployed) => backStep(deployed, aim.tag, wrangler));
}

/** Characters of a commit that name it, as git's short form. */
const COMMIT_MIN_CHARS = 7;

/** The version of this name, else the only one of this commit: `1a2b3c4d5e6f` of `0.1.0-1a2b3c4d5e6f-dirty`. */
function chooseVersion(reach: readonly Reach[], to: string): Reach {
  const exact = reach.find(({ tag }) => tag === to);
  if (exact !== undefined) return exact;
  const ofCommit = reach.filter(({ tag }) => to.length >= COMMIT_MIN_CHARS && commitIn(tag).startsWith(to));
  const [only, other] = ofCommit;
  const names = (versions: readonly Reach[]): string[] => versions.map(({ tag }) => tag);
  if (other !== undefined) throw usageError(`${to} names ${names(ofCommit).join(" and ")}. Write one of them.`);
  if (only !== undefined) return only;
  throw usageError(`No recent version is tagged ${to}. The recent versions: ${names(reach).join(", ") || "none"}.`);
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

/** What runs, and could run, at both Workers. */
export async function readBoth(target: Target, wrangler: Wrangler): Promise<Record<"consumer" | "edge", Deployed>> {
  const read = async (worker: WorkerTarget): Promise<Deployed> => {
    const at = named(worker.file, target.env);
    return { worker, at, ...(await versionsOf(wrangler, at)) };
  };
  return { consumer: await read(target.consumer), edge: await read(target.edge) };
}

function byTag({ versions }: Deployed, tag: string): Version | undefined {
  return versions.find((version) => version.tag === tag);
}
