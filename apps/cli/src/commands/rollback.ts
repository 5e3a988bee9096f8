import type { Command } from "../arguments/command.ts";
import { planRollback, readReach } from "../deploy/rollback.ts";
import { EXIT } from "../platform/exit-codes.ts";
import { carryOutPlan, type Opened, openTarget, PLAN_FLAGS } from "../steps/open-target.ts";

export const rollbackCommand: Command = {
  name: "rollback",
  description: "Run an earlier version again, or list those accepted",
  more: "The edge goes before the consumer.",
  operands: { hint: "[version]", description: "The version's name, as this command lists it", min: 0, max: 1 },
  flags: {
    ...PLAN_FLAGS,
    "past-migration": {
      type: "boolean",
      description:
        "Accept a version that is older than the ledger's tables: it does not find what only newer code wrote",
    },
  },
  examples: ["prewarm rollback --to staging", "prewarm rollback 1a2b3c4d5e6f --to staging"],
  async run(args, context) {
    const opened = await openTarget(args, context);
    const [version] = args.operands;
    if (version === undefined) return list(opened);
    const steps = await planRollback(
      opened.target,
      version,
      { pastMigration: args.flag("past-migration") },
      opened.wrangler,
    );
    const question = `Go back to ${version} in ${opened.target.env}?`;
    const consent = { dryRun: args.flag("dry-run"), given: args.flag("yes"), question, answer: "yes", flag: "--yes" };
    return carryOutPlan("rollback", steps, consent, opened);
  },
};

async function list({ target, wrangler, person, report }: Opened): Promise<typeof EXIT.ok> {
  const versions = await readReach(target, wrangler);
  if (report.json) report.document("prewarm.rollback/1", { environment: target.env, versions });
  for (const { tag, createdAt, obstacle, isPastMigration } of versions) {
    const accepted = isPastMigration
      ? "can be rolled back to with --past-migration: the ledger's tables are newer"
      : "can be rolled back to";
    person.tell(`${createdAt.slice(0, 16)}  ${tag}  ${obstacle ?? accepted}`);
  }
  person.tell(
    `Buckets, queues, secrets and the ledger's rows stay as they are. Go: prewarm rollback <version> --to ${target.env}`,
  );
  return EXIT.ok;
}
