import { parseArgs } from "node:util";
import { type Emulator, startEmulator } from "../server.ts";
import { type Origin, sampleOriginal, startOrigin } from "./origin.ts";
import { formatReport, runCheck } from "./run-check.ts";

const HELP = `pnpm ittybit:check [--original URL] [--timeout SECONDS]

  Checks what a client relies on with four small jobs, and prints what the service does where its pages are silent.
  ITTYBIT_API_URL   the service (default: a local emulator, started for the occasion)
  ITTYBIT_API_KEY   its key
  --original URL    a public image the service can fetch; needed unless the service is on this machine
  --timeout SECONDS longest wait for one job (default 120)
`;

const FLAGS = {
  original: { type: "string" },
  timeout: { type: "string", default: "120" },
  help: { type: "boolean" },
} as const;

function isLocal(url: string): boolean {
  return ["localhost", "127.0.0.1", "[::1]"].includes(new URL(url).hostname);
}

async function main(): Promise<boolean> {
  const { values } = parseArgs({ options: FLAGS, args: process.argv.slice(2).filter((argument) => argument !== "--") });
  if (values.help) {
    console.log(HELP);
    return true;
  }
  const { ITTYBIT_API_URL: given, ITTYBIT_API_KEY: apiKey = "local" } = process.env;
  if (given && !values.original && !isLocal(given)) throw new Error(`--original is needed for ${given}\n\n${HELP}`);
  const emulator: Emulator | null = given ? null : await startEmulator();
  const origin: Origin | null = values.original ? null : await startOrigin();
  try {
    const apiUrl = given || (emulator?.apiUrl ?? "");
    const original = values.original ?? origin?.put("/sample.jpg", await sampleOriginal()) ?? "";
    console.log(`checking ${apiUrl}${emulator ? " (the local emulator)" : ""} with ${original}\n`);
    const report = await runCheck({ apiUrl, apiKey, original, timeoutMs: Number(values.timeout) * 1000 });
    console.log(formatReport(report));
    return report.passed;
  } finally {
    await emulator?.close();
    await origin?.close();
  }
}

try {
  process.exitCode = (await main()) ? 0 : 1;
} catch (cause) {
  console.error(cause instanceof Error ? cause.message : cause);
  process.exitCode = 1;
}
