import type { Config } from "@prewarm/shared/config";
import { askReadyz } from "../api/readyz.ts";
import type { Arguments, Command } from "../arguments/command.ts";
import { findConfigFile, loadConfig } from "../arguments/load-config.ts";
import { readControlSettings, readControlUrl } from "../arguments/settings.ts";
import type { Context } from "../platform/context.ts";
import { CliError, EXIT, usageError } from "../platform/exit-codes.ts";
import { findInstallation } from "../site/installation.ts";
import { checkFiles, environmentOf, type Finding, neededSecrets } from "../steps/check-deploy.ts";
import { type Account, compareAccount } from "../steps/compare-account.ts";
import { createReport } from "../terminal/report.ts";
import { formatTable } from "../terminal/table.ts";

/** A Worker that is not deployed yet does not answer, and that is no reason to wait for long. */
const READY_MS = 5000;

export const checkCommand: Command = {
  name: "check",
  description: "Check everything that a deploy needs",
  more:
    "It prints how to set what is missing, and ends with 1 when a check fails. --account says what the installed version needs that " +
    "the account lacks, and how far a rollback can go after a deploy; it changes nothing.",
  operands: null,
  flags: {
    offline: { type: "boolean", description: "Only the files: do not ask the deployed consumer" },
    account: { type: "boolean", description: "Compare the account too, by wrangler" },
  },
  examples: ["prewarm check", "prewarm check --to staging", "prewarm check --account --to staging"],
  async run(args, context) {
    if (args.flag("offline") && args.flag("account"))
      throw usageError("--offline and --account contradict each other.");
    const config = await loadConfig(args, context);
    const file = findConfigFile(args, context) ?? "";
    const environment = environmentOf(config, args.text("to"));
    const findings = checkFiles(config, findInstallation(file), args.text("to"));
    const isSound = findings.every(({ state }) => state !== "fault");
    const asked = args.flag("account") && isSound ? await compareAccount(args, context) : null;
    const account = asked?.account ?? null;
    const seen = args.flag("offline") ? { unseen: "not asked" } : await askConsumer(args, context);
    findings.push(...("unseen" in seen ? unseenFindings(seen.unseen, config, environment, account) : seen));
    if (account === null)
      findings.push({
        state: "look",
        what: "lifecycle",
        text: `markers of dead variants expire after a day by a rule of the bucket: prewarm provision --to ${environment}`,
      });
    findings.push(...(asked?.findings ?? []));
    const report = createReport(args, context);
    if (report.json) report.document("prewarm.check/1", { findings, account });
    else for (const line of formatTable(rowsOf(findings, args.flag("quiet")))) report.data(line);
    return findings.some(({ state }) => state === "fault") ? EXIT.failed : EXIT.ok;
  },
};

/** With `--quiet` the faults alone: wrangler's build asks so, and knows no environment to which remarks would belong. */
function rowsOf(findings: readonly Finding[], isQuiet: boolean): string[][] {
  const shown = isQuiet ? findings.filter(({ state }) => state === "fault") : findings;
  return shown.map(({ state, what, text }) => [state, what, text]);
}

/** What `/readyz` of the deployed consumer says, because it alone sees the values of secrets; or why nothing was seen. */
async function askConsumer(args: Arguments, context: Context): Promise<Finding[] | { unseen: string }> {
  let url: string;
  try {
    url = readControlUrl(args, context);
  } catch (error) {
    if (error instanceof CliError) return { unseen: error.message.replace(/\.$/, "") };
    throw error;
  }
  const signal = AbortSignal.timeout(READY_MS);
  try {
    const { status, text } = await askReadyz(context, url, { headers: proofOf(args, context), signal });
    return readiness(url, status, text);
  } catch {
    return { unseen: `${url} does not answer` };
  }
}

/** Without a token, or one that may travel, the consumer says only how many of its checks fail. */
function proofOf(args: Arguments, context: Context): Record<string, string> {
  try {
    return readControlSettings(args, context).headers;
  } catch (error) {
    if (error instanceof CliError) return {};
    throw error;
  }
}

function readiness(url: string, status: number, text: string): Finding[] {
  if (status === 401 || status === 429)
    return [{ state: "fault", what: "/readyz", text: `${url} refuses ADMIN_TOKEN (${status})` }];
  if (status === 200) return [{ state: "ok", what: "/readyz", text: `${url} is ready` }];
  const reasons = reasonsOf(text);
  if (reasons === null)
    return [
      {
        state: "fault",
        what: "/readyz",
        text: `${url} answers ${status}: is it the consumer's address (PREWARM_URL)?`,
      },
    ];
  return reasons.map((reason) => ({ state: "fault", what: "/readyz", text: reason }));
}

function reasonsOf(text: string): string[] | null {
  try {
    const { reasons, failing } = JSON.parse(text);
    if (Array.isArray(reasons)) return reasons.map(String);
    return typeof failing === "number"
      ? [`${failing} checks fail: set ADMIN_TOKEN, and this command says which`]
      : null;
  } catch {
    return null;
  }
}

/** `account`: it has the names of the secrets. */
function unseenFindings(why: string, config: Config, environment: string, account: Account | null): Finding[] {
  const look = (what: string, text: string): Finding => ({ state: "look", what, text });
  const where = "(--url or PREWARM_URL names the consumer)";
  if (account !== null) return [look("/readyz", `${why}, so the values of secrets are not known ${where}`)];
  return [
    look("/readyz", `${why}, so secrets are not looked at ${where}. Set them with:`),
    ...neededSecrets(config, environment).map((text) => look("secret", text)),
  ];
}
