import type { Table } from "@prewarm/wrangler-files/stage";
import { bindingsOf } from "./account.ts";
import type { Step } from "./plan.ts";
import { readMessage } from "./release.ts";
import { type Deployed, type Reach, readBoth, readReach } from "./rollback.ts";
import type { Target } from "./target.ts";
import type { Wrangler } from "./wrangler.ts";

/** A version of Prewarm by what it says of itself. */
interface Edition {
  version: string;
  schema: string;
}

/** What an upgrade of an environment to the installed version means. */
export interface Upgrade {
  /** What runs: its name, and its version of Prewarm where `prewarm deploy` deployed it. Null: nothing runs. */
  runs: { tag: string; version: string | null } | null;
  /** Whether the first call to the new code changes the ledger's tables; null: not known. */
  migrates: boolean | null;
  /** What `provision` creates first. */
  missing: { what: string; todo: string }[];
  /** What it finds there: `secrets of prewarm-edge`. */
  standing: string[];
  /** Names that a Worker's wrangler file binds, and that the running version does not have, or the other way round. */
  bindings: { worker: string; added: string[]; removed: string[] }[];
  /** The versions that a rollback accepts after the upgrade; `isPastMigration`: only with that flag. */
  back: Pick<Reach, "tag" | "isPastMigration">[];
}

/** Compares what is installed with the account. `files` are the wrangler files, and `steps` what `provision` plans. */
export async function readUpgrade(
  target: Target,
  installed: Edition,
  files: Record<"edge" | "consumer", Table>,
  steps: readonly Step[],
  wrangler: Wrangler,
): Promise<Upgrade> {
  const both = await readBoth(target, wrangler);
  const running = codeOf(both.consumer);
  const said = readMessage(running?.message ?? "");
  const missing = steps.flatMap(({ what, todo }) => (todo === null ? [] : [{ what, todo }]));
  const bindings = await Promise.all(
    [both.consumer, both.edge].map((deployed) =>
      compareBindings(deployed, files[deployed.worker.role], target, wrangler),
    ),
  );
  const reach = running === undefined ? [] : await readReach(target, wrangler);
  return {
    runs: running === undefined ? null : { tag: running.tag, version: said?.version ?? null },
    migrates: said === null ? null : said.schema !== installed.schema,
    missing,
    standing: steps.filter(({ todo }) => todo === null).map(({ what }) => what),
    bindings: bindings.filter(({ added, removed }) => added.length + removed.length > 0),
    back: reach.flatMap((one) => backAfter(one, said, installed)),
  };
}

/** After the upgrade the tables are the installed version's. */
function backAfter(
  { tag, obstacle, isPastMigration }: Reach,
  said: Edition | null,
  installed: Edition,
): Pick<Reach, "tag" | "isPastMigration">[] {
  if (obstacle !== null || said?.version.split(".")[0] !== installed.version.split(".")[0]) return [];
  return [{ tag, isPastMigration: isPastMigration || said?.schema !== installed.schema }];
}

async function compareBindings(
  { worker, at, running }: Deployed,
  file: Table,
  { env, secrets }: Target,
  wrangler: Wrangler,
): Promise<Upgrade["bindings"][number]> {
  const environments = (file.env ?? {}) as Record<string, Table>;
  const ours = new Set([...namesIn(environments[env]), ...namesIn(file.assets)]);
  if (running === null) return { worker: worker.name, added: [], removed: [] };
  const theirs = new Set(await bindingsOf(wrangler, at, running.id));
  const isSecret = (name: string): boolean => Object.values(secrets[worker.role]).flat().includes(name);
  return {
    worker: worker.name,
    added: [...ours].filter((name) => !theirs.has(name)),
    removed: [...theirs].filter((name) => !ours.has(name) && !isSecret(name)),
  };
}

/** The names that a part of a wrangler file binds: `binding`, the `name` of an object or a limiter, and variables. */
function namesIn(part: unknown): string[] {
  if (Array.isArray(part)) return part.flatMap(namesIn);
  if (typeof part !== "object" || part === null) return [];
  const table = part as Table;
  if (typeof table.binding === "string") return [table.binding];
  if (("class_name" in table || "namespace_id" in table) && typeof table.name === "string") return [table.name];
  const { vars = {}, ...others } = table;
  return [...Object.keys(vars as Table), ...Object.values(others).flatMap(namesIn)];
}

/** The version whose code runs: a change of a secret makes a version that says nothing of itself, with the code of the one before. */
function codeOf({ running, versions }: Deployed) {
  const from = versions.findIndex(({ id }) => id === running?.id);
  return from === -1 ? undefined : versions.slice(from).find(({ tag }) => tag !== "");
}
