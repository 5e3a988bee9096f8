import { namedToken } from "../packages/shared/src/acts.ts";
import { type Config, secretNames } from "../packages/shared/src/config.ts";
import { sign } from "../packages/shared/src/signature.ts";
import { openLine, uploadLines } from "../scripts/cost/uploads.ts";
import { listFaults } from "../scripts/site-faults.ts";
import type { LocalSecret, StackSettings } from "./settings.ts";
import type { Stack } from "./stack.ts";

/* What the local stack prints for a person. */

/** A stack that is ready, and what it was started with. */
export interface Ready {
  stack: Pick<Stack, "edgeUrl" | "controlUrl" | "originalsUrl" | "samples">;
  settings: Pick<StackSettings, "adminToken" | "originalsDir" | "stateDir">;
  config: Config;
  secrets: Readonly<Record<string, LocalSecret>>;
}

export function announceFaults(faults: readonly string[]): void {
  const red = process.stderr.isTTY === true && !process.env.NO_COLOR;
  const local = faults.some((fault) => fault.startsWith("environment: "))
    ? "\nHere, set it in the environment of the local stack."
    : "";
  const text = `NOT READY\n${listFaults(faults)}${local}`;
  console.error(red ? `\u001b[31m${text}\u001b[0m` : text);
}

/** What a start says; `ms`: since it began. */
export async function readyLines(ready: Ready, ms: number): Promise<string[]> {
  const { stack, settings, config } = ready;
  const token = encodeURIComponent(namedToken(settings.adminToken.split(",")[0] ?? "")?.token ?? "");
  return [
    `ready edge=${stack.edgeUrl} control=${stack.controlUrl}`,
    `  after ${Math.round(ms)} ms; state in ${settings.stateDir}\n`,
    `Gallery      ${stack.controlUrl}/gallery#token=${token}   (your pictures, and what answered each)\n`,
    ...(await sampleLines(ready)),
    `\nDashboard    ${stack.controlUrl}/#token=${token}   (signs you in)`,
    `Admin token  ${settings.adminToken}`,
    ...secretLines(ready),
    "Events       are printed here as they are sent; *System* on the dashboard sends a test",
    "",
    ...uploadLines(config),
    openLine(config),
  ];
}

/** URLs to open. Where every URL needs a signature, they have one. */
async function sampleLines({ stack, settings, config, secrets }: Ready): Promise<string[]> {
  const key = config.access === "private" ? secrets.SIGNING_KEYS?.value.split(",")[0] : undefined;
  if (stack.samples.length > 0) {
    const paths = stack.samples.map((sample) => `/images/${sample}`);
    const asked = await Promise.all(paths.map((path) => (key === undefined ? path : signed(path, key, config))));
    return [
      "Open one of these twice: first the original, then the variant.",
      ...asked.map((path) => `  ${stack.edgeUrl}${path}`),
    ];
  }
  const place = settings.originalsDir === null ? stack.originalsUrl : `${settings.originalsDir}/<id>`;
  const url =
    key === undefined ? `${stack.edgeUrl}/images/<id>?w=800` : "what `prewarm url <id> --transform w=800` prints";
  return [`Open ${url} twice: first the original (${place}), then the variant.`];
}

async function signed(url: string, key: string, config: Config): Promise<string> {
  const [path = "", query = ""] = url.split("?");
  return `${path}?${query}&s=${await sign(path, query, key, config)}`;
}

/** The secrets that a person needs elsewhere: in an upload system, in a receiver of events, in a build that signs. */
function secretLines({ stack, config, secrets }: Ready): string[] {
  const shown = (name: string): string => {
    const secret = secrets[name];
    return secret?.isMade === false ? `${name} of the environment` : (secret?.value ?? name);
  };
  const hooks = Object.entries(config.hooks).flatMap(([hook, { verifier }]) =>
    secretNames(verifier).map(
      (name) => `Hook secret  ${shown(name)}   (${name}, POST ${stack.controlUrl}/hooks/${hook})`,
    ),
  );
  const events = config.events.flatMap((endpoint) => ("url" in endpoint ? endpoint.secrets : []));
  const isSigned = config.access === "private" || config.sources.some((source) => "bucket" in source);
  return [
    ...(isSigned ? [`Signing key  ${shown("SIGNING_KEYS")}   (SIGNING_KEYS of your site's build)`] : []),
    ...hooks,
    ...events.map((name) => `Events       ${shown(name)}   (${name} of your receiver)`),
  ];
}
