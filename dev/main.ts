import { countVariants } from "../packages/shared/src/transform.ts";
import userConfig from "../prewarm.config.ts";
import { readSettings } from "./settings.ts";
import { startStack } from "./stack.ts";

// Offline and quiet, whatever wrangler's defaults are.
Object.assign(process.env, {
  CLOUDFLARE_CF_FETCH_ENABLED: "false",
  WRANGLER_SEND_METRICS: "false",
  WRANGLER_SEND_ERROR_REPORTS: "false",
  WRANGLER_WRITE_LOGS: "false",
});

const started = performance.now();
try {
  const settings = readSettings(process.env);
  const stack = await startStack({
    ...settings,
    watch: process.env.WATCH !== "false",
    log: (line) => console.log(`  ${line}`),
  });
  const sample = (path: string) => `  ${stack.edgeUrl}/images/${path}`;
  console.log(`ready edge=${stack.edgeUrl} control=${stack.controlUrl}`);
  console.log(`  after ${Math.round(performance.now() - started)} ms; state in ${settings.stateDir}\n`);
  console.log("Open one of these twice: first the original, then the variant.");
  console.log(
    [sample("landscape.jpg?w=800"), sample("portrait.jpg?w=400&f=avif"), sample("cut-out.png?w=320&f=auto")].join("\n"),
  );
  console.log(`
One image can have ${countVariants(userConfig)} variants that need no signature (versions aside).`);
  const token = settings.adminToken.split(",")[0] ?? "";
  console.log(`Dashboard    ${stack.controlUrl}/#token=${encodeURIComponent(token)}   (signs you in)`);
  console.log(`Admin token  ${settings.adminToken}`);
  console.log(`Hook secret  ${settings.hookSecret}   (POST ${stack.controlUrl}/hooks/uploads)`);
  const stop = async () => {
    setTimeout(() => process.exit(1), 5_000).unref();
    await stack.close();
    process.exit(0);
  };
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(signal, stop);
} catch (error) {
  console.error(`prewarm: ${error instanceof Error ? error.message : error}`);
  process.exit(1);
}
