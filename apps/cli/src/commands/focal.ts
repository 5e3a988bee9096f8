import { FocalAnswer } from "@prewarm/control-schema/images";
import { FOCAL_FORM, type Focal, readFocal } from "@prewarm/shared/focal";
import { createControlApi } from "../api/control-api.ts";
import type { Command } from "../arguments/command.ts";
import { readControlSettings } from "../arguments/settings.ts";
import { EXIT, usageError } from "../platform/exit-codes.ts";
import { checkImageId } from "../steps/check-image-id.ts";
import { createReport } from "../terminal/report.ts";

export const focalCommand: Command = {
  name: "focal",
  description: "Set the point that an image's crops show",
  more: "They are made again, and nothing else.",
  operands: {
    hint: "<id> <x,y|none>",
    description: "Image id; the point's shares of width and height",
    min: 2,
    max: 2,
  },
  flags: {},
  examples: ["prewarm focal photo-abc123 0.3,0.2", "prewarm focal photo-abc123 none"],
  async run(args, context) {
    const [id = "", point = ""] = args.operands;
    const focal = pointOf(point);
    const api = createControlApi(readControlSettings(args, context), context);
    const report = createReport(args, context);
    const given = { params: { id: checkImageId(id) }, body: { focal: focal === null ? null : [...focal] } };
    const sending = { what: `setting the focal point of ${id}` };
    const { changed } = await api.call(
      "PUT /api/v1/images/{id}/focal",
      given,
      FocalAnswer.pick({ changed: true }),
      sending,
    );
    if (report.json) report.document("prewarm.focal/1", { id, focal, changed });
    else report.data(`${id} ${changed ? "crops are made again" : "unchanged"}`);
    return EXIT.ok;
  },
};

function pointOf(text: string): Focal | null {
  const focal =
    text === "none" ? null : readFocal(text.split(",").map((share) => (share.trim() === "" ? null : Number(share))));
  if (focal === null && text !== "none")
    throw usageError(`“${text}” is no point.`, `Write ${FOCAL_FORM}, as 0.3,0.2; or none.`);
  return focal;
}
