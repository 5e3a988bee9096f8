import { LedgerRestore } from "@prewarm/control-schema/ledger";
import { printableJson } from "@prewarm/shared/printable";
import { readBoundedText } from "@prewarm/shared/read-at-most";
import { createControlApi } from "../api/control-api.ts";
import { type Command, YES_FLAG } from "../arguments/command.ts";
import { readControlSettings } from "../arguments/settings.ts";
import { readLines } from "../input/read-lines.ts";
import { CliError, EXIT, usageError } from "../platform/exit-codes.ts";
import { type Answer, sendRequest } from "../platform/http-request.ts";
import { confirmByTyping } from "../steps/confirm.ts";
import { formatCount } from "../terminal/progress.ts";
import { createReport } from "../terminal/report.ts";

/** Characters of one request: far below what the platform takes of a body. */
const PART_CHARS = 4_000_000;
/** Bytes of a refusal that are read. */
const REFUSAL_MAX_BYTES = 64_000;
const NDJSON = "application/x-ndjson";

export const ledgerExportCommand: Command = {
  name: "ledger export",
  description: "Write every row of the ledger to stdout, a line of JSON each: redirect it into a file",
  operands: null,
  flags: {},
  examples: ["prewarm ledger export"],
  async run(args, context) {
    const { url, headers } = readControlSettings(args, context);
    const signal = context.interrupts.now;
    const response = await context.fetch(`${url}/api/v1/ledger/export`, { headers, redirect: "manual", signal });
    if (response.status !== 200 || response.body === null)
      throw refused({
        status: response.status,
        headers: response.headers,
        body: await readBoundedText(response, REFUSAL_MAX_BYTES),
      });
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

export const ledgerImportCommand: Command = {
  name: "ledger import",
  description: "Replace the ledger by an export that is read from stdin; its present content is lost",
  operands: null,
  flags: { yes: YES_FLAG },
  examples: ["prewarm pause live upload bulk", "prewarm ledger import --yes"],
  async run(args, context) {
    const { url, headers } = readControlSettings(args, context);
    if (context.stdin.isTTY === true)
      throw usageError("The export is read from stdin: prewarm ledger import --yes < file");
    await confirmByTyping(args, context, "The present content of the ledger is lost.", "replace");
    const send = async (lines: string[]): Promise<{ done: boolean }> => {
      const request = {
        ...{ method: "POST", url: `${url}/api/v1/ledger/import?replace=true`, repeatable: false },
        headers: { ...headers, "content-type": NDJSON },
        body: `${lines.join("\n")}\n`,
      };
      const answer = await sendRequest(context, request);
      if (answer.status !== 200) throw refused(answer);
      return JSON.parse(answer.body) as { done: boolean };
    };
    const report = createReport(args, context);
    let [lines, chars, rows]: [string[], number, number] = [[], 0, 0];
    for await (const { number, text } of readLines(context.stdin)) {
      if (text === null) throw usageError(`Line ${number} is too long for an export.`);
      lines.push(text);
      chars += text.length;
      rows += 1;
      if (chars < PART_CHARS) continue;
      await send(lines);
      report.note(`${formatCount(rows)} lines`);
      [lines, chars] = [[], 0];
    }
    const { done } = await send(lines);
    if (!done) throw new CliError(EXIT.usage, "The last line of the export is missing: nothing was changed.");
    report.data(`imported: ${formatCount(rows - 2)} rows`);
    return EXIT.ok;
  },
};

export const ledgerRestoreCommand: Command = {
  name: "ledger restore",
  description: "Restore the ledger as it was at a time of the last 30 days; everything later is lost",
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

function refused({ status, body }: Answer): CliError {
  const detail = /"(?:detail|title)":"([^"]{1,300})"/.exec(body)?.[1] ?? `it answers ${status}`;
  const code = status === 401 || status === 403 ? EXIT.auth : status >= 500 ? EXIT.unreachable : EXIT.usage;
  return new CliError(code, `the ledger: ${detail}`);
}
