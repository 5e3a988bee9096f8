import { Purge } from "@prewarm/control-schema/images";
import { createControlApi } from "../api/control-api.ts";
import { type Command, YES_FLAG } from "../arguments/command.ts";
import { readControlSettings } from "../arguments/settings.ts";
import { EXIT } from "../platform/exit-codes.ts";
import { actOnImages, isOfOne, MANY_FLAGS } from "../steps/act-on-images.ts";
import { checkImageId } from "../steps/check-image-id.ts";
import { confirmByTyping } from "../steps/confirm.ts";
import { createReport } from "../terminal/report.ts";

const PURGE = Purge.pick({ state: true });

export const purgeCommand: Command = {
  name: "purge",
  description: "Delete every variant of images, one or many",
  more: "The edge's copies follow.",
  operands: { hint: "[id…]", description: "Image ids", min: 0, max: 1000 },
  flags: { ...MANY_FLAGS, yes: YES_FLAG },
  examples: [
    "prewarm purge photo-abc123",
    "prewarm purge --folder summer/ --dry-run",
    "prewarm purge --file ids.txt --yes --wait",
  ],
  graceful: true,
  async run(args, context) {
    const api = createControlApi(readControlSettings(args, context), context);
    const report = createReport(args, context);
    if (isOfOne(args)) {
      const id = checkImageId(args.operands[0] ?? "");
      await confirmByTyping(args, context, `This deletes all variants of ${id}.`, id);
      const sending = { what: `purging ${id}` };
      const { state } = await api.call("DELETE /api/v1/images/{id}", { params: { id } }, PURGE, sending);
      if (report.json) report.document("prewarm.purge/1", { id, state });
      else report.data(`${id} ${state}`);
    } else await actOnImages({ kind: "purge", given: {}, verb: "This purges" }, { args, context, api, report });
    if (!args.flag("dry-run"))
      report.note(
        "Edges follow within 60 s, browsers when their copies expire; a new v= in the URL shows the new picture at once.",
      );
    return EXIT.ok;
  },
};
