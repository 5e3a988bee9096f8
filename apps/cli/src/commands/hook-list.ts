import { type HookDelivery, Hooks } from "@prewarm/control-schema/hooks";
import * as z from "zod";
import { type ControlApi, createControlApi } from "../api/control-api.ts";
import { seeOutlook } from "../api/outlook.ts";
import type { Command } from "../arguments/command.ts";
import { readControlSettings } from "../arguments/settings.ts";
import { EXIT } from "../platform/exit-codes.ts";
import { formatPerImage } from "../send/format-outlook.ts";
import { createReport, type Report } from "../terminal/report.ts";
import { formatTable } from "../terminal/table.ts";

const COUNTS = ["accepted", "duplicates", "existing", "purged", "ignored", "rejected"] as const;

const HOOKS = Hooks.extend({
  hooks: z.array(
    Hooks.shape.hooks.element.pick({ name: true, fault: true, jobsPerImage: true }).partial({ jobsPerImage: true }),
  ),
});

export const hookListCommand: Command = {
  name: "hook list",
  description: "The last deliveries of upload systems with their results, the newest first",
  operands: null,
  flags: {},
  examples: ["prewarm hook list", "prewarm hook list --json"],
  async run(args, context) {
    const api = createControlApi(readControlSettings(args, context), context);
    const { hooks, deliveries } = await api.call("GET /api/v1/hooks", {}, HOOKS, { what: "the hooks" });
    const report = createReport(args, context);
    if (report.json) report.document("prewarm.hooks/1", { hooks, deliveries });
    else for (const line of formatDeliveries(deliveries)) report.data(line);
    await tellHooks(hooks, api, report);
    return EXIT.ok;
  },
};

/** Of each hook its fault, or what a picture of it takes of the budget. */
async function tellHooks(hooks: z.infer<typeof HOOKS>["hooks"], api: ControlApi, report: Report): Promise<void> {
  const takes = hooks.some(({ fault, jobsPerImage }) => fault === null && jobsPerImage);
  const outlook = takes ? await seeOutlook(0, api) : null;
  for (const { name, fault, jobsPerImage } of hooks) {
    if (fault !== null) report.note(`The hook ${name} takes nothing: ${fault}`);
    else if (jobsPerImage && outlook !== null) report.note(formatPerImage(name, jobsPerImage, outlook.left));
  }
}

function formatDeliveries(deliveries: readonly HookDelivery[]): string[] {
  if (deliveries.length === 0) return ["Nothing was delivered."];
  const rows = deliveries.map((one) => [
    new Date(one.at).toISOString().slice(0, 19),
    one.hook,
    one.n > 1 ? `${one.verdict} × ${one.n}` : one.verdict,
    COUNTS.filter((name) => one[name] > 0)
      .map((name) => `${one[name]} ${name}`)
      .join(", "),
    one.why ?? "",
  ]);
  return formatTable([["WHEN", "HOOK", "VERDICT", "WHAT CAME OF IT", "WHY"], ...rows]);
}
