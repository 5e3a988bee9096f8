import { LEDGER_SCHEMA } from "@prewarm/control-schema/ledger-schema";
import { wranglerFiles } from "@prewarm/wrangler-files/wrangler-files";
import type { Arguments } from "../arguments/command.ts";
import { planProvision } from "../deploy/provision.ts";
import { readUpgrade, type Upgrade } from "../deploy/upgrade.ts";
import { NoLogin } from "../deploy/wrangler.ts";
import type { Context } from "../platform/context.ts";
import type { Finding } from "./check-deploy.ts";
import { openTarget } from "./open-target.ts";
import { provisioning } from "./provisioning.ts";

/** What the installed version finds in the account of an environment. Changes nothing. */
export interface Account extends Upgrade {
  environment: string;
  /** The installed version of Prewarm. */
  installed: string;
}

/** Null: nobody has logged in, and `findings` say so. */
export async function compareAccount(
  args: Arguments,
  context: Context,
): Promise<{ account: Account | null; findings: Finding[] }> {
  try {
    const account = await readAccount(args, context);
    return { account, findings: accountFindings(account) };
  } catch (error) {
    if (!(error instanceof NoLogin)) throw error;
    return {
      account: null,
      findings: [{ state: "fault", what: "account", text: [error.message, ...error.hints].join(" ") }],
    };
  }
}

async function readAccount(args: Arguments, context: Context): Promise<Account> {
  const opened = await openTarget(args, context);
  const { target, config, found, wrangler } = opened;
  const steps = await planProvision(target, provisioning(opened, context));
  const installed = { version: found.version, schema: LEDGER_SCHEMA };
  const upgrade = await readUpgrade(target, installed, wranglerFiles(config, found.files), steps, wrangler);
  return { environment: target.env, installed: installed.version, ...upgrade };
}

function accountFindings(account: Account): Finding[] {
  const { missing, standing, bindings, runs } = account;
  return [
    { state: "look", what: "runs", text: runsText(account) },
    ...standing.map((text): Finding => ({ state: "ok", what: "account", text })),
    ...missing.map(({ what, todo }): Finding => ({ state: "fault", what: "missing", text: `${what}: ${todo}` })),
    ...bindings.flatMap(bindingFindings),
    ...(runs === null ? [] : [tablesFinding(account), ...backFindings(account)]),
  ];
}

function runsText({ runs, environment, installed }: Account): string {
  if (runs === null) return `nothing in ${environment}; installed is Prewarm ${installed}`;
  const version = runs.version === null ? "a version that prewarm deploy did not deploy" : `Prewarm ${runs.version}`;
  return `${version} (${runs.tag}); installed is Prewarm ${installed}`;
}

function bindingFindings({ worker, added, removed }: Upgrade["bindings"][number]): Finding[] {
  return [
    ...(added.length > 0 ? [look("bindings", `${worker} gets ${added.join(", ")}`)] : []),
    ...(removed.length > 0 ? [look("bindings", `${worker} loses ${removed.join(", ")}`)] : []),
  ];
}

function tablesFinding({ migrates }: Upgrade): Finding {
  if (migrates === false) return { state: "ok", what: "tables", text: "unchanged" };
  const first = "export the ledger first (prewarm ledger export)";
  if (migrates === null) return look("tables", `not known: ${first}`);
  return look("tables", `the first call migrates the ledger; read Stored formats in CHANGELOG.md, and ${first}`);
}

function backFindings({ back }: Upgrade): Finding[] {
  if (back.length === 0) return [look("rollback", "no version is accepted after the deploy")];
  return back.map(({ tag, isPastMigration }) =>
    look("rollback", `${tag} is accepted${isPastMigration ? " with --past-migration" : ""}`),
  );
}

function look(what: string, text: string): Finding {
  return { state: "look", what, text };
}
