import { namedToken } from "../packages/shared/src/acts.ts";
import type { Config } from "../packages/shared/src/config.ts";
import { countVariants } from "../packages/shared/src/transform.ts";
import { uploadLines } from "../scripts/cost/uploads.ts";
import { listFaults } from "../scripts/site-faults.ts";
import type { StackSettings } from "./settings.ts";
import type { Stack } from "./stack.ts";

/* What the local stack prints for a person. */

export function announceFaults(faults: readonly string[]): void {
  const red = process.stderr.isTTY === true && !process.env.NO_COLOR;
  const local = faults.some((fault) => fault.startsWith("environment: "))
    ? "\nHere, set it in the environment of the local stack."
    : "";
  const text = `NOT READY\n${listFaults(faults)}${local}`;
  console.error(red ? `\u001b[31m${text}\u001b[0m` : text);
}

/** `ms`: since the start. */
export function announceReady(stack: Stack, settings: StackSettings, config: Config | null, ms: number): void {
  console.log(`ready edge=${stack.edgeUrl} control=${stack.controlUrl}`);
  console.log(`  after ${Math.round(ms)} ms; state in ${settings.stateDir}\n`);
  const token = encodeURIComponent(namedToken(settings.adminToken.split(",")[0] ?? "")?.token ?? "");
  console.log(`Gallery      ${stack.controlUrl}/gallery#token=${token}   (your pictures, and what answered each)\n`);
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
  }
  console.log(`\nDashboard    ${stack.controlUrl}/#token=${token}   (signs you in)`);
  console.log(`Admin token  ${settings.adminToken}`);
  console.log(`Hook secret  ${settings.hookSecret}   (POST ${stack.controlUrl}/hooks/uploads)`);
}
