import { Serving } from "@prewarm/control-schema/serving";
import * as z from "zod";
import { createControlApi } from "../api/control-api.ts";
import type { Command } from "../arguments/command.ts";
import { readControlSettings } from "../arguments/settings.ts";
import { EXIT, usageError } from "../platform/exit-codes.ts";
import { formatCount } from "../terminal/progress.ts";
import { createReport } from "../terminal/report.ts";
import { formatTable } from "../terminal/table.ts";

const WINDOWS = ["1h", "1d", "30d"] as const;

const { views, missed } = Serving.shape;
const SERVING = Serving.pick({
  state: true,
  text: true,
  hitRatio: true,
  savedBytes: true,
  originalBytes: true,
}).extend({
  views: views.pick({ cache: true, store: true, original: true, failed: true }),
  missed: z.array(missed.element.pick({ id: true, transform: true, views: true, stored: true })),
});

export const servingCommand: Command = {
  name: "serving",
  description: "Say how views were answered, and what viewers missed",
  more: "Also what that saved.",
  operands: null,
  flags: {
    window: { type: "string", valueHint: "span", description: "Views of the last 1h, 1d or 30d. Default: 1d" },
  },
  examples: ["prewarm serving", "prewarm serving --window 30d --json"],
  async run(args, context) {
    const window = WINDOWS.find((one) => one === (args.text("window") ?? "1d"));
    if (window === undefined) throw usageError(`--window takes one of ${WINDOWS.join(", ")}.`);
    const api = createControlApi(readControlSettings(args, context), context);
    const serving = await api.call("GET /api/v1/serving", { query: { window } }, SERVING, { what: "what was served" });
    const report = createReport(args, context);
    if (report.json) report.document("prewarm.serving/1", { ...serving });
    else if (serving.state === "counted") for (const line of formatServing(serving)) report.data(line);
    if (serving.text !== null) report.note(serving.text);
    return EXIT.ok;
  },
};

function formatServing({ views, hitRatio, savedBytes, originalBytes, missed }: z.infer<typeof SERVING>): string[] {
  const saved = originalBytes === 0 ? "" : `, ${Math.round((savedBytes / originalBytes) * 100)} % of the originals'`;
  const answers = Object.entries(views).map(([outcome, n]) => [outcome, formatCount(n)]);
  const rows = missed.map((one) => [formatCount(one.views), one.stored ? "yes" : "no", one.id, one.transform]);
  return [
    hitRatio === null ? "No views." : `${Math.round(hitRatio * 1000) / 10} % of views had their variant.`,
    `${formatCount(savedBytes)} bytes saved${saved}.`,
    ...formatTable([["ANSWERED BY", "VIEWS"], ...answers]),
    ...(missed.length === 0 ? [] : formatTable([["MISSED", "STORED BY NOW", "IMAGE", "TRANSFORM"], ...rows])),
  ];
}
