import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Arguments, Command } from "../arguments/command.ts";
import { readDuration } from "../arguments/quantities.ts";
import { readIttybitSettings, readOriginalUrl } from "../arguments/settings.ts";
import type { Context } from "../platform/context.ts";
import { CliError, EXIT, type ExitCode } from "../platform/exit-codes.ts";
import { createReport } from "../terminal/report.ts";

/** What the check takes; the consumer has it (workers/consumer/src/ittybit/check/check-key.ts), because it has Ittybit's client. */
export interface KeyCheck {
  apiUrl: string;
  apiKey: string;
  acceptVersion: string | null;
  original: string;
  withinMs: number;
}

/** Makes a few small jobs, and says in a sentence whether Prewarm works with the service. */
export type CheckKey = (
  options: KeyCheck,
  platform: Pick<Context, "fetch" | "clock"> & { sleep(ms: number): Promise<void> },
) => Promise<{ kind: string; why: keyof typeof EXIT_OF_CHECK; sentence: string }>;

/** The exit code of a check's end. */
export const EXIT_OF_CHECK = {
  ok: EXIT.ok,
  failed: EXIT.failed,
  auth: EXIT.auth,
  unreachable: EXIT.unreachable,
} as const satisfies Record<string, ExitCode>;

export const ittybitCheckCommand: Command = {
  name: "ittybit check",
  description: "Say whether Prewarm works with your key of Ittybit",
  more: "It makes five small jobs with ITTYBIT_API_KEY, and ends with one sentence.",
  operands: null,
  flags: {
    original: {
      type: "string",
      valueHint: "url",
      description: "A picture that anybody may fetch, at least 200 px wide",
    },
    within: { type: "string", valueHint: "duration", description: "Longest the check may take. Default 2m" },
  },
  examples: ["prewarm ittybit check --original https://example.com/photo.jpg"],
  async run(args, context) {
    const options = readOptions(args, context);
    const report = createReport(args, context);
    report.note(`Checking ${options.apiUrl} with a few small jobs of ${options.original}`);
    const checkKey = await importCheck();
    const { sleep, interrupts } = context;
    const verdict = await checkKey(options, { ...context, sleep: (ms) => sleep(ms, interrupts.now) });
    if (report.json) report.document("prewarm.ittybit-check/1", verdict);
    else report.data(verdict.sentence);
    return EXIT_OF_CHECK[verdict.why];
  },
};

function readOptions(args: Arguments, context: Context): KeyCheck {
  const settings = readIttybitSettings(context);
  const original = readOriginalUrl(args.text("original"), settings.apiUrl);
  return { ...settings, original, withinMs: readDuration(args.text("within") ?? "2m", "--within") * 1000 };
}

/** Of this repository, and beside the program in its package. */
const SOURCE = "../../../../workers/consumer/src/ittybit/check/check-key.ts";
const PACKED = "./check-key.js";

async function importCheck(): Promise<CheckKey> {
  const place = new URL(import.meta.url.endsWith(".ts") ? SOURCE : PACKED, import.meta.url);
  if (!existsSync(fileURLToPath(place.href)))
    throw new CliError(EXIT.usage, "The check is not beside this program.", "Install the package: npm install prewarm");
  const { checkKey }: { checkKey: CheckKey } = await import(place.href);
  return checkKey;
}
