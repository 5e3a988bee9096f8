import { wranglerFiles } from "@prewarm/wrangler-files/wrangler-files";
import type { Command } from "../arguments/command.ts";
import { planProvision } from "../deploy/provision.ts";
import { schemaPrint } from "../deploy/release.ts";
import { readUpgrade, type Upgrade } from "../deploy/upgrade.ts";
import { EXIT } from "../platform/exit-codes.ts";
import { openTarget } from "../steps/open-target.ts";
import { provisioning } from "../steps/provisioning.ts";

export const upgradeCommand: Command = {
  name: "upgrade",
  description:
    "Say what the installed version needs that the account does not have, and how far a rollback can go after it; changes nothing",
  operands: null,
  flags: {},
  examples: ["prewarm upgrade --to staging"],
  async run(args, context) {
    const opened = await openTarget(args, context);
    const { target, config, found, wrangler, report } = opened;
    const steps = await planProvision(target, provisioning(opened, context));
    const installed = { version: found.version, schema: schemaPrint() };
    const upgrade = await readUpgrade(target, installed, wranglerFiles(config, found.files), steps, wrangler);
    if (report.json)
      report.document("prewarm.upgrade/1", { environment: target.env, installed: installed.version, ...upgrade });
    else for (const line of linesOf(upgrade, installed.version, target.env)) report.data(line);
    return EXIT.ok;
  },
};

function linesOf(upgrade: Upgrade, installed: string, environment: string): string[] {
  const { runs, missing } = upgrade;
  const provision = missing.length > 0 ? [`Then: prewarm provision --to ${environment}`] : [];
  return [
    runs === null
      ? `runs       nothing in ${environment}; installed is Prewarm ${installed}`
      : `runs       ${runs.version === null ? "a version that prewarm deploy did not deploy" : `Prewarm ${runs.version}`} (${runs.tag}); installed is Prewarm ${installed}`,
    ...missing.map(({ what, todo }) => `missing    ${what}: ${todo}`),
    ...upgrade.bindings.flatMap(bindingLines),
    ...(runs === null ? [] : [tableLine(upgrade), ...backLines(upgrade)]),
    ...provision,
    `Then: prewarm deploy --to ${environment}`,
  ];
}

function bindingLines({ worker, added, removed }: Upgrade["bindings"][number]): string[] {
  return [
    ...(added.length > 0 ? [`new        ${worker} gets ${added.join(", ")}`] : []),
    ...(removed.length > 0 ? [`gone       ${worker} loses ${removed.join(", ")}`] : []),
  ];
}

function tableLine({ migrates }: Upgrade): string {
  if (migrates === null) return "tables     not known: export the ledger first (prewarm ledger export)";
  return migrates
    ? "tables     the first call migrates the ledger; read Stored formats in CHANGELOG.md, and export it first (prewarm ledger export)"
    : "tables     unchanged";
}

function backLines({ back }: Upgrade): string[] {
  if (back.length === 0) return ["rollback   none is accepted after this upgrade"];
  return back.map(
    ({ tag, isPastMigration }) => `rollback   ${tag} is accepted${isPastMigration ? " with --past-migration" : ""}`,
  );
}
