import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { checkReceipt } from "@prewarm/control-schema/receipt-check";
import { type AnyReceipt, type MissingVariant, type Receipt, ReceiptPage } from "@prewarm/control-schema/receipts";
import { type RemovalReceipt, SignedRemoval } from "@prewarm/control-schema/removal";
import { parsePem } from "@prewarm/shared/ed25519";
import { type ControlApi, createControlApi } from "../api/control-api.ts";
import type { Arguments, Command } from "../arguments/command.ts";
import { isLoopback, readControlSettings, readControlUrl } from "../arguments/settings.ts";
import type { Context } from "../platform/context.ts";
import { CliError, EXIT, type ExitCode, usageError } from "../platform/exit-codes.ts";
import { sendRequest } from "../platform/http-request.ts";
import { checkImageId } from "../steps/check-image-id.ts";
import { SAVE_FLAG, saveReceipt } from "../steps/save-receipt.ts";
import { formatCount } from "../terminal/progress.ts";
import { createReport } from "../terminal/report.ts";
import { formatTable } from "../terminal/table.ts";

/** Missing variants that are printed; `--json` has all of them. */
const SHOWN = 50;
/** Where a control API publishes the public keys of its receipts. */
const KEYS_PATH = "/.well-known/prewarm-receipts";

export const receiptCommand: Command = {
  name: "receipt",
  description: "Prove that a run is stored, or that a removed image is gone",
  more:
    "It checks a run against R2 now, and signs what it finds; exit code 1 if a variant is missing. --removed prints the signed receipt " +
    "of a removal; exit code 1 while it is not complete. --verify checks a receipt.",
  operands: { hint: "[run]", description: "A run, as `prewarm warm` and `prewarm status` name it", min: 0, max: 1 },
  flags: {
    removed: { type: "string", valueHint: "id", description: "The receipt of this removed image instead" },
    save: SAVE_FLAG,
    verify: {
      type: "string",
      valueHint: "file",
      description: "Verify the receipt in this file, of a run or of a removal, instead; exit code 1 if it is not valid",
    },
    key: {
      type: "string",
      valueHint: "file|url",
      description: `Public keys for --verify, as PEM. Default: ${KEYS_PATH} of the control API`,
    },
  },
  examples: [
    "prewarm receipt bulk_01j9",
    "prewarm receipt bulk_01j9 --save receipt.txt",
    "prewarm receipt --removed u/7f3c91.jpg --save receipt.txt",
    "prewarm receipt --verify receipt.txt --key prewarm-receipts.pem",
  ],
  async run(args, context) {
    const [[run], removed, file] = [args.operands, args.text("removed"), args.text("verify")];
    if ([run ?? null, removed, file].filter((one) => one !== null).length !== 1)
      throw usageError("Name a run, --removed <id> or --verify <file>, and one of them only.");
    if (file !== null) return verify(file, args, context);
    return run === undefined ? ofRemoval(removed ?? "", args, context) : ofRun(run, args, context);
  },
};

async function ofRun(run: string, args: Arguments, context: Context): Promise<ExitCode> {
  const report = createReport(args, context);
  const api = createControlApi(readControlSettings(args, context), context);
  const { receipt, signature, missing } = await check(run, api);
  await saveReceipt(args, context, { receipt, signature });
  if (report.json) report.document("prewarm.receipt/1", { receipt, signature, missing });
  else for (const line of [...formatReceipt(receipt), ...formatMissing(missing)]) report.data(line);
  return receipt.complete ? EXIT.ok : EXIT.failed;
}

async function ofRemoval(operand: string, args: Arguments, context: Context): Promise<ExitCode> {
  const id = checkImageId(operand);
  const api = createControlApi(readControlSettings(args, context), context);
  const report = createReport(args, context);
  const sending = { what: `the receipt of ${id}` };
  const signed = await api.call("GET /api/v1/images/{id}/removal", { params: { id } }, SignedRemoval, sending);
  await saveReceipt(args, context, signed);
  if (report.json) report.document("prewarm.removal/1", signed);
  else for (const line of formatRemoval(signed.receipt)) report.data(line);
  return signed.receipt.complete ? EXIT.ok : EXIT.failed;
}

/** Needs no token, and with keys from a file no network. */
async function verify(file: string, args: Arguments, context: Context): Promise<ExitCode> {
  const report = createReport(args, context);
  const from = args.text("key") ?? readControlUrl(args, context) + KEYS_PATH;
  const keys = parsePem(await readKeys(from, context));
  if (keys.length === 0) throw usageError(`${from} has no public key of receipts.`);
  const checked = await checkReceipt(await readText(file, context), keys);
  if ("fault" in checked) {
    if (report.json) report.document("prewarm.receipt.verify/1", { valid: false, fault: checked.fault, keys: from });
    else report.data(`${file} is not valid under the keys of ${from}: ${checked.fault}.`);
    return EXIT.failed;
  }
  const { receipt, key } = checked;
  if (report.json) report.document("prewarm.receipt.verify/1", { valid: true, key, keys: from, receipt });
  else for (const line of formatTable(verdictRows(receipt, key, from))) report.data(line);
  return EXIT.ok;
}

function verdictRows(receipt: AnyReceipt, key: string, from: string): string[][] {
  const of = "run" in receipt ? ["run", receipt.run] : ["removed", receipt.removed];
  return [of, ["complete", receipt.complete ? "yes" : "no"], ["signed by", key], ["a key of", from]];
}

async function readKeys(from: string, context: Context): Promise<string> {
  if (!/^https?:/i.test(from)) return readText(from, context);
  const url = URL.parse(from);
  if (url === null || (url.protocol === "http:" && !isLoopback(url)))
    throw usageError(`${from} is not https: keys of somebody else could come in their place.`);
  const { status, body } = await sendRequest(context, { method: "GET", url: from });
  if (status !== 200) throw new CliError(EXIT.unreachable, `${from} answers ${status} instead of public keys.`);
  return body;
}

function readText(file: string, context: Context): Promise<string> {
  return readFile(resolve(context.cwd, file), "utf8").catch(() => {
    throw usageError(`${file} cannot be read.`);
  });
}

/** All steps of a check. */
async function check(run: string, api: ControlApi) {
  const missing: MissingVariant[] = [];
  const sending = { what: `the receipt of ${run}` };
  for (let cursor: string | null = null; ; ) {
    const query = cursor === null ? {} : { cursor };
    const given = { params: { run }, query };
    const page: ReceiptPage = await api.call("GET /api/v1/runs/{run}/receipt", given, ReceiptPage, sending);
    missing.push(...page.missing);
    cursor = page.nextCursor;
    if (cursor === null) return { receipt: page.receipt, signature: page.signature, missing };
  }
}

function formatReceipt({ run, label, ordered, inStore, missing, forgotten, checkedAt, complete, whys }: Receipt) {
  const reasons = Object.entries(whys).map(([why, n]) => `${formatCount(n)} ${why}`);
  const rows = [
    ["run", label === null ? run : `${run} (${label})`],
    ["ordered", formatCount(ordered)],
    ["in R2 now", formatCount(inStore)],
    ["missing", missing === 0 ? "0" : `${formatCount(missing)}: ${reasons.join(", ")}`],
    ...(forgotten ? [["not checked", `${formatCount(forgotten)}: the ledger does not list them any more`]] : []),
    ["checked", new Date(checkedAt ?? 0).toISOString()],
    ["complete", complete ? "yes" : "no"],
  ];
  return formatTable(rows);
}

function formatMissing(missing: readonly MissingVariant[]): string[] {
  if (missing.length === 0) return [];
  const rows = missing.slice(0, SHOWN).map(({ why, id, transform }) => [why, id, transform]);
  const more = missing.length > SHOWN ? [`${formatCount(missing.length - SHOWN)} more: see --json.`] : [];
  return ["", ...formatTable([["WHY", "IMAGE", "VARIANT"], ...rows]), ...more];
}

function formatRemoval(receipt: RemovalReceipt): string[] {
  const { removed, spellings, reason, by, orderedAt, jobs, focal, objects, more, checks } = receipt;
  const time = (at: number | null) => (at === null ? "not known yet" : new Date(at).toISOString());
  const rows = [
    ["image", removed],
    ...spellings.map((spelling) => ["also", spelling]),
    ["reason", reason],
    ["ordered", `${time(orderedAt)} by ${by}`],
    [
      "deleted",
      `${formatCount(objects.length + more)} objects, ${formatCount(jobs)} jobs${focal ? ", focal point" : ""}`,
    ],
    ...checks.map(({ at, found }) => ["checked", `${time(at)}: ${formatCount(found)} found`]),
    ["edge copies until", time(receipt.edgeUntil)],
    ["browser copies until", time(receipt.browsersUntil)],
    ["complete at", time(receipt.completeAt)],
    ["complete", receipt.complete ? "yes" : "no"],
  ];
  const listed = objects.map(({ deletedAt, bytes, name }) => [time(deletedAt), formatCount(bytes), name]);
  return [
    ...formatTable(rows),
    ...(listed.length === 0 ? [] : ["", ...formatTable([["DELETED", "BYTES", "OBJECT"], ...listed])]),
  ];
}
