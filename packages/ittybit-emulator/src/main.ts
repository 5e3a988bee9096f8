#!/usr/bin/env node
import { readFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import * as z from "zod";
import { faultRule } from "./faults/fault-rule.ts";
import { type Emulator, type EmulatorOptions, startEmulator } from "./server.ts";
import { applySettings, DEFAULT_SETTINGS, type SettingsPatch, settingsSchema } from "./settings.ts";

const HELP = `ittybit-emulator [options]    a local Ittybit

  --port N             API port (default 9911; 0 takes any)
  --output-port N      port of the outputs (default any)
  --profile NAME       reference | guide | sdk | v2025 (default reference)
  --key KEY            the one right API key (default: any)
  --strict             refuse unknown fields
  --fault FILE         JSON file with one fault rule or a list; may repeat
  --settings FILE      JSON file with settings, as PATCH /__emulator/settings takes them
  --job-ms MIN-MAX     time of a job before pixel work (default 150-400)
  --pixels KIND        real | tiny (default real)
  --clamp-enlarge      never enlarge
  --s3 DIRECTORY       directory that stands for S3
  --seed N             repeatable durations, ids and chances
  --concurrency N      images encoded at once (default 2)
  --verbose            one line per request and job
`;

const FLAGS = {
  port: { type: "string", default: "9911" },
  "output-port": { type: "string", default: "0" },
  profile: { type: "string" },
  key: { type: "string" },
  strict: { type: "boolean" },
  fault: { type: "string", multiple: true, default: [] as string[] },
  settings: { type: "string" },
  "job-ms": { type: "string" },
  pixels: { type: "string" },
  "clamp-enlarge": { type: "boolean" },
  s3: { type: "string" },
  seed: { type: "string" },
  concurrency: { type: "string" },
  verbose: { type: "boolean" },
  help: { type: "boolean" },
} as const;

function readFlags() {
  return parseArgs({ options: FLAGS, args: process.argv.slice(2).filter((argument) => argument !== "--") }).values;
}

type Flags = ReturnType<typeof readFlags>;

function integer(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (!/^\d+$/.test(text)) throw new Error(`--${name} must be a whole number`);
  return Number(text);
}

async function readJson(path: string): Promise<unknown> {
  return JSON.parse(await readFile(path, "utf8"));
}

function jobMs(text: string | undefined): { min: number; max: number } | undefined {
  if (text === undefined) return undefined;
  const [, min, max] = /^(\d+)-(\d+)$/.exec(text) ?? [];
  if (min === undefined || max === undefined) throw new Error("--job-ms must be MIN-MAX");
  return { min: Number(min), max: Number(max) };
}

async function readSettings(flags: Flags): Promise<SettingsPatch> {
  const file = flags.settings === undefined ? {} : settingsSchema.partial().parse(await readJson(flags.settings));
  const given = {
    profile: flags.profile,
    apiKey: flags.key,
    strict: flags.strict,
    jobMs: jobMs(flags["job-ms"]),
    pixels: flags.pixels,
    clampEnlarge: flags["clamp-enlarge"],
    s3Directory: flags.s3,
  };
  const patch = { ...file, ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) };
  applySettings(structuredClone(DEFAULT_SETTINGS), patch as SettingsPatch); // refuses what is out of range
  return patch as SettingsPatch;
}

async function readOptions(flags: Flags): Promise<EmulatorOptions> {
  const files = await Promise.all(flags.fault.map(readJson));
  return {
    ...(await readSettings(flags)),
    port: integer("port", flags.port),
    outputPort: integer("output-port", flags["output-port"]),
    seed: integer("seed", flags.seed),
    concurrency: integer("concurrency", flags.concurrency),
    faults: files.flat().map((rule) => faultRule.parse(rule)),
    log: flags.verbose ? (event, fields) => console.log(event, JSON.stringify(fields)) : undefined,
  };
}

function describe(emulator: Emulator): string {
  const { profile, apiKey } = emulator.control.settings();
  return [
    `ready api=${emulator.apiUrl} outputs=${emulator.outputUrl} profile=${profile}`,
    `  ITTYBIT_API_URL=${emulator.apiUrl} ITTYBIT_API_KEY=${apiKey ?? "<anything>"}`,
    `  faults, calls and settings: ${emulator.apiUrl}/__emulator/`,
  ].join("\n");
}

function stopOnSignals(emulator: Emulator): void {
  const stop = (): void => void emulator.close().then(() => process.exit(0));
  process.once("SIGINT", stop);
  process.once("SIGTERM", stop);
}

async function main(): Promise<void> {
  const flags = readFlags();
  if (flags.help) return console.log(HELP);
  const emulator = await startEmulator(await readOptions(flags));
  stopOnSignals(emulator);
  console.log(describe(emulator));
}

try {
  await main();
} catch (cause) {
  const message = cause instanceof z.ZodError ? z.prettifyError(cause) : String(cause);
  console.error(`${message}\n\n${HELP}`);
  process.exit(1);
}
