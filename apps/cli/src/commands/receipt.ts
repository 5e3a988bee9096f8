import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import {
  AnyReceipt,
  type MissingVariant,
  type Receipt,
  ReceiptPage,
  ReceiptVerdict,
} from "@prewarm/control-schema/receipts";
import * as z from "zod";
import { type ControlApi, createControlApi } from "../api/control-api.ts";
import type { Command } from "../arguments/command.ts";
import { readControlSettings } from "../arguments/settings.ts";
import { EXIT, usageError } from "../platform/exit-codes.ts";
import { formatCount } from "../terminal/progress.ts";
import { createReport } from "../terminal/report.ts";
import { formatTable } from "../terminal/table.ts";

/** Missing variants that are printed; `--json` has all of them. */
const SHOWN = 50;
const SCHEMA = "prewarm.receipt/1";

export const receiptCommand: Command = {
  name: "receipt",
  description:
    "Check what a run asked for against R2 now, and print a signed receipt; exit code 1 if a variant is missing",
  operands: { hint: "<run>", description: "A run, as `prewarm warm` and `prewarm status` name it", min: 1, max: 1 },
  flags: {},
  examples: ["prewarm receipt bulk_01j9", "prewarm receipt bulk_01j9 --json > receipt.json"],
  async run(args, context) {
    const [run = ""] = args.operands;
    const report = createReport(args, context);
    const api = createControlApi(readControlSettings(args, context), context);
    const { receipt, signature, missing } = await check(run, api);
    if (report.json) report.document(SCHEMA, { receipt, signature, missing });
    else for (const line of [...formatReceipt(receipt), ...formatMissing(missing)]) report.data(line);
    return receipt.complete ? EXIT.ok : EXIT.failed;
  },
};

/** What the command reads of a file that it printed. */
const PRINTED = z.object({ receipt: AnyReceipt, signature: z.string() });

export const receiptVerifyCommand: Command = {
  name: "receipt verify",
  description: "Ask Prewarm whether it signed a receipt; exit code 1 if it did not",
  operands: {
    hint: "<file>",
    description: "What `prewarm receipt --json` or `prewarm removal --json` printed",
    min: 1,
    max: 1,
  },
  flags: {},
  examples: ["prewarm receipt verify receipt.json"],
  async run(args, context) {
    const [file = ""] = args.operands;
    const text = await readFile(resolve(context.cwd, file), "utf8").catch(() => {
      throw usageError(`${file} cannot be read.`);
    });
    const body = readPrinted(text, file);
    const api = createControlApi(readControlSettings(args, context), context);
    const sending = { what: "the receipt" };
    const { valid } = await api.call("POST /api/v1/receipts/verify", { body }, ReceiptVerdict, sending);
    const report = createReport(args, context);
    const { receipt } = body;
    const [of, what] =
      "run" in receipt
        ? [receipt.run, { run: receipt.run, checkedAt: receipt.checkedAt }]
        : [receipt.removed, { removed: receipt.removed, complete: receipt.complete }];
    if (report.json) report.document("prewarm.receipt.verify/1", { valid, ...what });
    else report.data(valid ? `This Prewarm signed the receipt of ${of}.` : "This Prewarm did not sign this receipt.");
    return valid ? EXIT.ok : EXIT.failed;
  },
};

function readPrinted(text: string, file: string): z.infer<typeof PRINTED> {
  try {
    return PRINTED.parse(JSON.parse(text));
  } catch {
    throw usageError(`${file} is no receipt.`, "Print one with: prewarm receipt <run> --json");
  }
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
