import { mkdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { secretList, withoutFinalSlashes } from "@prewarm/shared/environment";
import type { Arguments, Command } from "../arguments/command.ts";
import { readDuration } from "../arguments/quantities.ts";
import { isLoopback, readIttybitSettings } from "../arguments/settings.ts";
import { type Check, runCheck } from "../ittybit/run-check.ts";
import { sanitise } from "../ittybit/sanitise.ts";
import type { CheckOptions } from "../ittybit/session.ts";
import type { Context } from "../platform/context.ts";
import { EXIT, type ExitCode, usageError } from "../platform/exit-codes.ts";
import { createReport, type Report } from "../terminal/report.ts";
import { formatTable } from "../terminal/table.ts";

const EXIT_OF: Record<Check["verdict"]["why"], ExitCode> = {
  ok: EXIT.ok,
  failed: EXIT.failed,
  auth: EXIT.auth,
  unreachable: EXIT.unreachable,
};

export const ittybitCheckCommand: Command = {
  name: "ittybit check",
  description:
    "Make a few small jobs at Ittybit with your key, and say in one sentence whether Prewarm works with it; ITTYBIT_API_KEY is the key",
  operands: null,
  flags: {
    original: {
      type: "string",
      valueHint: "url",
      description: "A picture that anybody may fetch, at least 200 px wide",
    },
    panorama: {
      type: "string",
      valueHint: "url",
      description: "Another picture, longer than 8192 px, to see whether Ittybit takes it",
    },
    quality: {
      type: "boolean",
      description: "Measure what each word for a quality means in each format, with 31 jobs more",
    },
    webhook: {
      type: "string",
      valueHint: "url",
      description:
        "The https address of a tunnel to --webhook-port of this machine, to see whether Ittybit calls it and signs (ITTYBIT_WEBHOOK_SECRET)",
    },
    "webhook-port": { type: "string", valueHint: "port", description: "Where the tunnel leads. Default 8790" },
    within: { type: "string", valueHint: "duration", description: "Longest the check may take. Default 2m" },
    record: {
      type: "string",
      valueHint: "folder",
      description: "Write calls and answers there, without anything that identifies you, for a bug report",
    },
  },
  examples: [
    "prewarm ittybit check --original https://example.com/photo.jpg",
    "prewarm ittybit check --original https://example.com/photo.jpg --record ./said",
    "prewarm ittybit check --original https://example.com/photo.jpg --quality --within 10m",
  ],
  async run(args, context) {
    const original = args.text("original");
    if (original === null) throw usageError("--original is needed: the address of a picture that anybody may fetch.");
    const panorama = args.text("panorama");
    const wrong = [original, panorama].find((url) => url !== null && !isWebAddress(url));
    if (wrong !== undefined) throw usageError(`${wrong} is no http(s) address.`);
    const webhook = webhookOf(args, context);
    const settings = readIttybitSettings(context);
    if (isLoopback(new URL(original)) && !isLoopback(new URL(settings.apiUrl)))
      throw usageError(`${settings.apiUrl} cannot fetch ${original}, which is on this machine.`);
    const report = createReport(args, context);
    report.note(`Checking ${settings.apiUrl} with a few small jobs of ${original}`);
    const check = await runCheck(
      {
        ...settings,
        original,
        panorama,
        webhook,
        quality: args.flag("quality"),
        withinMs: readDuration(args.text("within") ?? "2m", "--within") * 1000,
      },
      context,
    );
    if (report.json) {
      const { verdict, dialect, observations, settings: advised, exchanges } = check;
      report.document("prewarm.ittybit-check/1", {
        ...verdict,
        dialect,
        observations,
        settings: advised,
        calls: exchanges.length,
      });
    } else print(check, report);
    const folder = args.text("record");
    if (folder !== null) record(check, folder, context, report);
    return EXIT_OF[check.verdict.why];
  },
};

const WEBHOOK_PORT = 8790;

function webhookOf(args: Arguments, { env }: Context): CheckOptions["webhook"] {
  const url = args.text("webhook");
  if (url === null) return null;
  if (!isWebAddress(url) || (!url.startsWith("https:") && !isLoopback(new URL(url))))
    throw usageError(`--webhook ${url} is no https address: Ittybit calls no other.`);
  const port = Number(args.text("webhook-port") ?? WEBHOOK_PORT);
  if (!Number.isInteger(port) || port < 1 || port > 65_535) throw usageError("--webhook-port is a port, 1 to 65535.");
  return { url: withoutFinalSlashes(url), port, secrets: secretList(env.ITTYBIT_WEBHOOK_SECRET) };
}

function isWebAddress(text: string): boolean {
  return /^https?:\/\//i.test(text) && URL.canParse(text);
}

function print({ verdict, observations, settings }: Check, report: Report): void {
  const rows = observations.map(({ what, seen, differs }) => [differs === null ? "ok" : "differs", what, seen]);
  if (rows.length > 0) for (const line of formatTable(rows)) report.data(line);
  for (const { differs, costs } of observations) if (differs !== null) report.data(`${differs}: ${costs}`);
  if (rows.length > 0) report.data("");
  report.data(verdict.sentence);
  if (verdict.kind === "works")
    report.data(settings.length === 0 ? "Settings: none but the key." : `Settings: ${settings.join(" · ")}`);
}

function record({ exchanges, dialect }: Check, folder: string, { cwd, clock }: Context, report: Report): void {
  const date = new Date(clock.now()).toISOString().slice(0, 10);
  const name = `ittybit-${date}-${(dialect ?? "unchecked").replace(/[^a-z0-9]+/gi, "-").slice(0, 40)}.json`;
  const file = join(resolve(cwd, folder), name);
  mkdirSync(resolve(cwd, folder), { recursive: true });
  writeFileSync(file, `${JSON.stringify(sanitise(exchanges, dialect ?? "unchecked", date), null, 2)}\n`);
  report.note(`${file}: nothing in it names you; look at it before you share it.`);
}
