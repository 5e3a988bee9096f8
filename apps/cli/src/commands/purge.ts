import { Purge } from "@prewarm/control-schema/images";
import { createControlApi } from "../api/control-api.ts";
import { type Command, YES_FLAG } from "../arguments/command.ts";
import { readControlSettings } from "../arguments/settings.ts";
import { EXIT } from "../platform/exit-codes.ts";
import { checkImageId } from "../steps/check-image-id.ts";
import { confirmByTyping } from "../steps/confirm.ts";
import { createReport } from "../terminal/report.ts";

const PURGE = Purge.pick({ state: true });

export const purgeCommand: Command = {
  name: "purge",
  description: "Remove every variant of an image; the edge's copies follow",
  operands: { hint: "<id…>", description: "Image ids", min: 1, max: 1000 },
  flags: { yes: YES_FLAG },
  examples: ["prewarm purge photo-abc123", "prewarm purge summer/1 summer/2 --yes"],
  async run(args, context) {
    const ids = args.operands.map(checkImageId);
    const api = createControlApi(readControlSettings(args, context), context);
    const report = createReport(args, context);
    const [first = ""] = ids;
    const all = ids.length === 1 ? `all variants of ${first}` : `all variants of ${ids.length} images`;
    await confirmByTyping(args, context, `This removes ${all}.`, ids.length === 1 ? first : `purge ${ids.length}`);
    const purges: { id: string; state: string }[] = [];
    for (const id of ids) {
      const sending = { what: `purging ${id}` };
      const { state } = await api.call("DELETE /api/v1/images/{id}", { params: { id } }, PURGE, sending);
      purges.push({ id, state });
      if (!report.json) report.data(`${id} ${state}`);
    }
    if (report.json) report.document("prewarm.purge/1", { purges });
    report.note(
      "Edges follow within 60 s, browsers when their copies expire; a new v= in the URL shows the new picture at once.",
    );
    return EXIT.ok;
  },
};
