import { EdgePurge } from "@prewarm/control-schema/edge-cache";
import { createControlApi } from "../api/control-api.ts";
import { type Command, YES_FLAG } from "../arguments/command.ts";
import { readControlSettings } from "../arguments/settings.ts";
import { EXIT } from "../platform/exit-codes.ts";
import { confirmByTyping } from "../steps/confirm.ts";
import { createReport } from "../terminal/report.ts";

export const edgePurgeCommand: Command = {
  name: "edge purge",
  description: 'End the edge\'s copies everywhere, where edgeCache is "workers"; variants stay in R2',
  operands: null,
  flags: {
    signed: { type: "boolean", description: "Only copies of signed URLs, as after a key was taken back" },
    yes: YES_FLAG,
  },
  examples: ["prewarm edge purge --signed", "prewarm edge purge --yes"],
  async run(args, context) {
    const of = args.flag("signed") ? "signed" : "everything";
    const api = createControlApi(readControlSettings(args, context), context);
    const report = createReport(args, context);
    const what = of === "signed" ? "every copy of a signed URL" : "every copy";
    await confirmByTyping(args, context, `This ends ${what} at the edge. The next views read R2.`, of);
    await api.call("POST /api/v1/edge-cache/purge", { body: { of } }, EdgePurge, { what: "purging the edge" });
    if (report.json) report.document("prewarm.edge-purge/1", { of });
    else report.data(`${of} due`);
    report.note("The dashboard's System page and prewarm status tell while it waits.");
    return EXIT.ok;
  },
};
