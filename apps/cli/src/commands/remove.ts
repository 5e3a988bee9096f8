import { type RemovalReceipt, SignedRemoval, Unblocked } from "@prewarm/control-schema/removal";
import { createControlApi } from "../api/control-api.ts";
import { type Command, YES_FLAG } from "../arguments/command.ts";
import { readControlSettings } from "../arguments/settings.ts";
import { EXIT, usageError } from "../platform/exit-codes.ts";
import { actOnImages, isOfOne, MANY_FLAGS } from "../steps/act-on-images.ts";
import { checkImageId } from "../steps/check-image-id.ts";
import { confirmByTyping } from "../steps/confirm.ts";
import { SAVE_FLAG, saveReceipt } from "../steps/save-receipt.ts";
import { formatCount } from "../terminal/progress.ts";
import { createReport } from "../terminal/report.ts";
import { formatTable } from "../terminal/table.ts";

const SCHEMA = "prewarm.removal/1";
const ONE_ID = { hint: "<id>", description: "Image id", min: 1, max: 1 };

export const removeCommand: Command = {
  name: "remove",
  description: "Delete all of images, originals in buckets of yours too, and block them: views get 410",
  operands: { hint: "[id…]", description: "Image ids", min: 0, max: 1000 },
  flags: {
    reason: { type: "string", valueHint: "text", description: "Why; it stands in the receipts and the audit log" },
    exact: {
      type: "boolean",
      description: "Only this spelling of an id, not its other Unicode normal forms (NFC, NFD)",
    },
    ...MANY_FLAGS,
    yes: YES_FLAG,
  },
  examples: [
    "prewarm remove u/7f3c91.jpg --reason 'asked by the person, case 812'",
    "prewarm remove --folder u/7f3c91/ --reason 'case 812' --yes --wait",
  ],
  graceful: true,
  async run(args, context) {
    const reason = args.text("reason");
    const api = createControlApi(readControlSettings(args, context), context);
    const report = createReport(args, context);
    const exact = args.flag("exact") ? { exact: true } : {};
    if (!reason && !args.flag("dry-run")) throw usageError("A removal needs a reason.", 'Add --reason "…".');
    if (!reason || !isOfOne(args)) {
      const given = { ...(reason ? { reason } : {}), ...exact };
      await actOnImages(
        { kind: "remove", given, verb: "This deletes all of, and blocks," },
        { args, context, api, report },
      );
      return EXIT.ok;
    }
    const id = checkImageId(args.operands[0] ?? "");
    const what = `This deletes all of ${id}, its original in a bucket too, and blocks it.`;
    await confirmByTyping(args, context, what, id);
    const given = { params: { id }, body: { reason, ...exact } };
    const sending = { what: `removing ${id}` };
    const signed = await api.call("POST /api/v1/images/{id}/remove", given, SignedRemoval, sending);
    if (report.json) report.document(SCHEMA, signed);
    else report.data(`${id} is removed and blocked`);
    report.note(`The receipt is complete in some 16 minutes: prewarm removal ${id}`);
    return EXIT.ok;
  },
};

export const removalCommand: Command = {
  name: "removal",
  description: "Print the signed receipt of a removed image; exit code 1 while it is not complete",
  operands: ONE_ID,
  flags: { save: SAVE_FLAG },
  examples: ["prewarm removal u/7f3c91.jpg", "prewarm removal u/7f3c91.jpg --save receipt.txt"],
  async run(args, context) {
    const id = checkImageId(args.operands[0] ?? "");
    const api = createControlApi(readControlSettings(args, context), context);
    const report = createReport(args, context);
    const sending = { what: `the receipt of ${id}` };
    const signed = await api.call("GET /api/v1/images/{id}/removal", { params: { id } }, SignedRemoval, sending);
    await saveReceipt(args, context, signed);
    if (report.json) report.document(SCHEMA, signed);
    else for (const line of formatReceipt(signed.receipt)) report.data(line);
    return signed.receipt.complete ? EXIT.ok : EXIT.failed;
  },
};

export const unblockCommand: Command = {
  name: "unblock",
  description: "Lift the block of a removed image; keep its receipt first, which is forgotten",
  operands: ONE_ID,
  flags: { yes: YES_FLAG },
  examples: ["prewarm unblock u/7f3c91.jpg"],
  async run(args, context) {
    const id = checkImageId(args.operands[0] ?? "");
    const api = createControlApi(readControlSettings(args, context), context);
    const report = createReport(args, context);
    await confirmByTyping(args, context, `This lets ${id} be made again, and forgets the receipt of its removal.`, id);
    const sending = { what: `unblocking ${id}` };
    await api.call("POST /api/v1/images/{id}/unblock", { params: { id } }, Unblocked, sending);
    if (report.json) report.document("prewarm.unblock/1", { id });
    else report.data(`${id} may be made again`);
    return EXIT.ok;
  },
};

function formatReceipt(receipt: RemovalReceipt): string[] {
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
