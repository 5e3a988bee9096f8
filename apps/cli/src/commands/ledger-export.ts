import { LedgerRestore } from "@prewarm/control-schema/ledger";
import { printableJson } from "@prewarm/shared/printable";
import { readBoundedText } from "@prewarm/shared/read-at-most";
import { createControlApi } from "../api/control-api.ts";
import { type Command, YES_FLAG } from "../arguments/command.ts";
import { readControlSettings } from "../arguments/settings.ts";
import { CliError, EXIT, usageError } from "../platform/exit-codes.ts";
import { confirmByTyping } from "../steps/confirm.ts";
import { createReport } from "../terminal/report.ts";

/** Bytes of a refusal that are read. */
const REFUSAL_MAX_BYTES = 64_000;

export const ledgerExportCommand: Command = {
  name: "ledger export",
  description: "Write what another ledger needs to know to stdout",
  more: "A line of JSON each: redirect it into a file.",
  operands: null,
  flags: {},
  examples: ["prewarm ledger export"],
  async run(args, context) {
    const { url, headers } = readControlSettings(args, context);
    const signal = context.interrupts.now;
    const response = await context.fetch(`${url}/api/v1/ledger/export`, { headers, redirect: "manual", signal });
    if (response.status !== 200 || response.body === null)
      throw refused(response.status, await readBoundedText(response, REFUSAL_MAX_BYTES));
    const decoder = new TextDecoder();
    let tail = "";
    for await (const bytes of response.body) {
      const text = decoder.decode(bytes, { stream: true });
      tail = (tail + text).slice(-100);
      context.stdout.write(printableJson(text));
    }
    if (/\{"end":\d+\}\n$/.test(tail)) return EXIT.ok;
    throw new CliError(EXIT.unreachable, "The export broke off: its last line is missing. Run it again.");
  },
};

export const ledgerRestoreCommand: Command = {
  name: "ledger restore",
  description: "Restore the ledger as it was at a time of the last 30 days",
  more: "Everything later is lost.",
  operands: null,
  flags: {
    at: { type: "string", valueHint: "time", description: "Such as 2026-11-24T10:00:00Z" },
    bookmark: {
      type: "string",
      valueHint: "bookmark",
      description: "The platform's name of a moment; `undo` of a restore has one",
    },
    yes: YES_FLAG,
  },
  examples: ["prewarm pause live upload bulk", "prewarm ledger restore --at 2026-11-24T10:00:00Z"],
  async run(args, context) {
    const [at, bookmark] = [args.text("at"), args.text("bookmark")];
    if ((at === null) === (bookmark === null)) throw usageError("Say either --at or --bookmark.");
    const time = at === null ? null : Date.parse(at);
    if (time !== null && Number.isNaN(time))
      throw usageError(`--at takes a time such as 2026-11-24T10:00:00Z, not ${at}.`);
    const body = time === null ? { bookmark: bookmark ?? "" } : { at: new Date(time).toISOString() };
    const api = createControlApi(readControlSettings(args, context), context);
    await confirmByTyping(args, context, `Everything in the ledger after ${at ?? bookmark} is lost.`, "restore");
    const sending = { what: "restoring the ledger", repeatable: false };
    const answer = await api.call("POST /api/v1/ledger/restore", { body }, LedgerRestore, sending);
    const report = createReport(args, context);
    if (report.json) report.document("prewarm.ledger-restore/1", { ...answer });
    else {
      report.data(`restored  ${answer.bookmark}`);
      report.data(`undo      prewarm ledger restore --bookmark ${answer.undo}`);
    }
    return EXIT.ok;
  },
};

function refused(status: number, body: string): CliError {
  const detail = /"(?:detail|title)":"([^"]{1,300})"/.exec(body)?.[1] ?? `it answers ${status}`;
  const code = status === 401 || status === 403 ? EXIT.auth : status >= 500 ? EXIT.unreachable : EXIT.usage;
  return new CliError(code, `the ledger: ${detail}`);
}
