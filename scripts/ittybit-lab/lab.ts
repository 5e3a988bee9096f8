import { mkdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { readDuration } from "../../apps/cli/src/arguments/quantities.ts";
import {
  isLoopback,
  isWebAddress,
  readIttybitSettings,
  readOriginalUrl,
} from "../../apps/cli/src/arguments/settings.ts";
import { EXIT_OF_CHECK } from "../../apps/cli/src/commands/ittybit-check.ts";
import { type ExitCode, usageError } from "../../apps/cli/src/platform/exit-codes.ts";
import { formatTable } from "../../apps/cli/src/terminal/table.ts";
import { secretList, withoutFinalSlashes } from "../../packages/shared/src/environment.ts";
import type { LabOptions, LabPlatform } from "./lab-session.ts";
import { type Examined, runLab } from "./run-lab.ts";
import { sanitise } from "./sanitise.ts";

/** What a line of the laboratory has from the process. */
export interface Bench extends LabPlatform {
  env: Readonly<Record<string, string | undefined>>;
  cwd: string;
  /** Prints a line of the result, and a remark. */
  data(line: string): void;
  note(line: string): void;
}

const FLAGS = {
  original: { type: "string" },
  panorama: { type: "string" },
  quality: { type: "boolean" },
  webhook: { type: "string" },
  "webhook-port": { type: "string", default: "8790" },
  within: { type: "string", default: "2m" },
  record: { type: "string" },
  json: { type: "boolean" },
} as const;

/** Runs one line; resolves with the exit code. Throws a usage error where the line is wrong. */
export async function runLabLine(argv: readonly string[], bench: Bench): Promise<ExitCode> {
  const { values } = parseArgs({ args: [...argv], options: FLAGS });
  const { panorama = null, record, json = false } = values;
  const settings = readIttybitSettings(bench);
  const original = readOriginalUrl(values.original ?? null, settings.apiUrl);
  if (panorama !== null && !isWebAddress(panorama)) throw usageError(`${panorama} is no http(s) address.`);
  const webhook = webhookOf(values.webhook ?? null, values["webhook-port"], bench);
  const withinMs = readDuration(values.within, "--within") * 1000;
  bench.note(`Checking ${settings.apiUrl} with a few small jobs of ${original}`);
  const options = { ...settings, original, panorama, webhook, quality: values.quality ?? false, withinMs };
  const examined = await runLab(options, bench);
  if (json) bench.data(JSON.stringify(documentOf(examined)));
  else for (const line of linesOf(examined)) bench.data(line);
  if (record !== undefined) writeRecord(examined, resolve(bench.cwd, record), bench);
  return EXIT_OF_CHECK[examined.verdict.why];
}

function webhookOf(url: string | null, portText: string, { env }: Bench): LabOptions["webhook"] {
  if (url === null) return null;
  if (!isWebAddress(url) || (!url.startsWith("https:") && !isLoopback(new URL(url))))
    throw usageError(`--webhook ${url} is no https address: Ittybit calls no other.`);
  const port = Number(portText);
  if (!Number.isInteger(port) || port < 1 || port > 65_535) throw usageError("--webhook-port is a port, 1 to 65535.");
  return { url: withoutFinalSlashes(url), port, secrets: secretList(env.ITTYBIT_WEBHOOK_SECRET) };
}

function documentOf({ verdict, dialect, observations, settings, exchanges }: Examined) {
  return { ...verdict, dialect, observations, settings, calls: exchanges.length };
}

function linesOf({ verdict, observations, settings }: Examined): string[] {
  const rows = observations.map(({ what, seen, differs }) => [differs === null ? "ok" : "differs", what, seen]);
  const costs = observations.flatMap(({ differs, costs }) => (differs === null ? [] : [`${differs}: ${costs}`]));
  const advice = settings.length === 0 ? "Settings: none but the key." : `Settings: ${settings.join(" · ")}`;
  return [
    ...(rows.length === 0 ? [] : [...formatTable(rows), ...costs, ""]),
    verdict.sentence,
    ...(verdict.kind === "works" ? [advice] : []),
  ];
}

function writeRecord({ exchanges, dialect }: Examined, folder: string, { clock, note }: Bench): void {
  const date = new Date(clock.now()).toISOString().slice(0, 10);
  const name = `ittybit-${date}-${(dialect ?? "unchecked").replace(/[^a-z0-9]+/gi, "-").slice(0, 40)}.json`;
  const file = join(folder, name);
  mkdirSync(folder, { recursive: true });
  writeFileSync(file, `${JSON.stringify(sanitise(exchanges, dialect ?? "unchecked", date), null, 2)}\n`);
  note(`${file}: nothing in it names you; look at it before you share it.`);
}
