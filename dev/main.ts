import { namedToken } from "../packages/shared/src/acts.ts";
import type { Config } from "../packages/shared/src/config.ts";
import { countVariants } from "../packages/shared/src/transform.ts";
import { strangersLines } from "../scripts/cost/strangers.ts";
import { uploadLines } from "../scripts/cost/uploads.ts";
import { judgeSite, listFaults } from "../scripts/site-faults.ts";
import { namedSecrets, readSettings, type StackSettings } from "./settings.ts";
import { type Stack, startStack } from "./stack.ts";

// Offline and quiet, whatever wrangler's defaults are.
Object.assign(process.env, {
  CLOUDFLARE_CF_FETCH_ENABLED: "false",
  WRANGLER_SEND_METRICS: "false",
  WRANGLER_SEND_ERROR_REPORTS: "false",
  WRANGLER_WRITE_LOGS: "false",
});

const started = performance.now();
const watch = process.env.WATCH !== "false";
try {
  const settings = readSettings(process.env);
  // Told first: with some faults no Worker comes up at all.
  const { config, faults } = await judgeSite();
  if (faults.length > 0) tellFaults(faults);
  const stack = await startStack({
    ...settings,
    secrets: faults.length > 0 || config === null ? {} : namedSecrets(config, process.env),
    watch,
    log: (line) => console.log(`  ${line}`),
    onReload: (ms) => void afterReload(ms),
  });
  const told = await judgeStack(stack);
  const stop = async (code: number) => {
    setTimeout(() => process.exit(1), 5_000).unref();
    await stack.close();
    process.exit(code);
  };
  if (told.length === 0) tellReady(stack, settings, config);
  else {
    if (faults.length === 0) tellFaults(told);
    if (!watch) await stop(1);
  }
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(signal, () => stop(0));

  let last = told.join("\n");
  /** An edit may mend what was at fault, or break what was not. Both Workers are built anew, so one edit may reload twice. */
  async function afterReload(ms: number): Promise<void> {
    const found = await judgeStack(stack);
    const before = last;
    last = found.join("\n");
    if (found.length > 0 && last !== before) tellFaults(found);
    if (found.length > 0) return;
    if (before === "")
      console.log(`  reloaded in ${ms} ms; the local queue forgot its messages, the ledger sends what is due again`);
    else console.log(`ready edge=${stack.edgeUrl} control=${stack.controlUrl}`);
  }
} catch (error) {
  console.error(`prewarm: ${error instanceof Error ? error.message : error}`);
  process.exit(1);
}

/** What keeps the stack from being of use: the configuration's faults, else what the consumer says it lacks. */
async function judgeStack({ controlUrl }: Stack): Promise<string[]> {
  const { faults } = await judgeSite();
  if (faults.length > 0) return faults;
  const answer = await fetch(`${controlUrl}/readyz`).catch(() => null);
  if (answer?.status === 200) return [];
  const body: { reasons?: string[] } = (await answer?.json().catch(() => ({}))) ?? {};
  return body.reasons ?? [`${controlUrl}/readyz answers ${answer?.status ?? "nothing"}`];
}

function tellFaults(faults: readonly string[]): void {
  const red = process.stderr.isTTY === true && !process.env.NO_COLOR;
  const local = faults.some((fault) => fault.startsWith("environment: "))
    ? "\nHere, set it in the environment of npm start."
    : "";
  const text = `NOT READY\n${listFaults(faults)}${local}`;
  console.error(red ? `\u001b[31m${text}\u001b[0m` : text);
}

function tellReady(stack: Stack, settings: StackSettings, config: Config | null): void {
  console.log(`ready edge=${stack.edgeUrl} control=${stack.controlUrl}`);
  console.log(`  after ${Math.round(performance.now() - started)} ms; state in ${settings.stateDir}\n`);
  if (stack.samples.length > 0) {
    console.log("Open one of these twice: first the original, then the variant.");
    console.log(stack.samples.map((path) => `  ${stack.edgeUrl}/images/${path}`).join("\n"));
  } else {
    const place = settings.originalsDir === null ? stack.originalsUrl : `${settings.originalsDir}/<id>`;
    console.log(`Open ${stack.edgeUrl}/images/<id>?w=800 twice: first the original (${place}), then the variant.`);
  }
  if (config !== null) {
    console.log(`\nOne image can have ${countVariants(config)} variants that need no signature (versions aside).`);
    for (const line of uploadLines(config)) console.log(line);
    console.log("\nWhat clients without a signature can cause at most, once it is deployed (docs/security.md):");
    console.log(
      `${strangersLines(config)
        .map((line) => `  ${line}\n`)
        .join("")}`,
    );
  }
  const token = namedToken(settings.adminToken.split(",")[0] ?? "")?.token ?? "";
  console.log(`Dashboard    ${stack.controlUrl}/#token=${encodeURIComponent(token)}   (signs you in)`);
  console.log(`Admin token  ${settings.adminToken}`);
  console.log(`Hook secret  ${settings.hookSecret}   (POST ${stack.controlUrl}/hooks/uploads)`);
}
