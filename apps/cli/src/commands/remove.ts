import { SignedRemoval, Unblocked } from "@prewarm/control-schema/removal";
import { type ControlApi, createControlApi } from "../api/control-api.ts";
import { type Arguments, type Command, YES_FLAG } from "../arguments/command.ts";
import { readControlSettings } from "../arguments/settings.ts";
import type { Context } from "../platform/context.ts";
import { EXIT, usageError } from "../platform/exit-codes.ts";
import { actOnImages, isOfOne, MANY_FLAGS } from "../steps/act-on-images.ts";
import { checkImageId } from "../steps/check-image-id.ts";
import { confirmByTyping } from "../steps/confirm.ts";
import { createReport, type Report } from "../terminal/report.ts";

/** Flags of a removal that `--undo` does not take; the others are refused by `isOfOne`. */
const STRAY_TO_UNDO = ["reason", "exact", "timeout"] as const;

export const removeCommand: Command = {
  name: "remove",
  description: "Delete all of images and block them, or undo a block",
  more:
    "Originals in buckets of yours are deleted too, and views get 410. --undo lets an image be made again; keep its receipt first, " +
    "which is forgotten.",
  operands: { hint: "[id…]", description: "Image ids", min: 0, max: 1000 },
  flags: {
    reason: { type: "string", valueHint: "text", description: "Why; it stands in the receipts and the audit log" },
    exact: {
      type: "boolean",
      description: "Only this spelling of an id, not its other Unicode normal forms (NFC, NFD)",
    },
    undo: { type: "boolean", description: "Lift the block of a removed image" },
    ...MANY_FLAGS,
    yes: YES_FLAG,
  },
  examples: [
    "prewarm remove u/7f3c91.jpg --reason 'asked by the person, case 812'",
    "prewarm remove --folder u/7f3c91/ --reason 'case 812' --yes --wait",
    "prewarm remove u/7f3c91.jpg --undo",
  ],
  graceful: true,
  async run(args, context) {
    const reason = args.text("reason");
    const api = createControlApi(readControlSettings(args, context), context);
    const report = createReport(args, context);
    if (args.flag("undo")) {
      await undo(args, context, api, report);
      return EXIT.ok;
    }
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
    if (report.json) report.document("prewarm.removal/1", signed);
    else report.data(`${id} is removed and blocked`);
    report.note(`The receipt is complete in some 16 minutes: prewarm receipt --removed ${id}`);
    return EXIT.ok;
  },
};

async function undo(args: Arguments, context: Context, api: ControlApi, report: Report): Promise<void> {
  const stray = STRAY_TO_UNDO.find((flag) => args.list(flag).length > 0);
  if (!isOfOne(args) || stray !== undefined)
    throw usageError("--undo takes one image id, and no other flag of a removal.");
  const id = checkImageId(args.operands[0] ?? "");
  await confirmByTyping(args, context, `This lets ${id} be made again, and forgets the receipt of its removal.`, id);
  const sending = { what: `undoing the removal of ${id}` };
  await api.call("POST /api/v1/images/{id}/unblock", { params: { id } }, Unblocked, sending);
  if (report.json) report.document("prewarm.unblock/1", { id });
  else report.data(`${id} may be made again`);
}
