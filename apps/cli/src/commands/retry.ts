import { createControlApi } from "../api/control-api.ts";
import type { Command } from "../arguments/command.ts";
import { readControlSettings } from "../arguments/settings.ts";
import { EXIT } from "../platform/exit-codes.ts";
import { act } from "../steps/act.ts";
import { checkJobNames, FILTER_FLAGS, readFilter } from "../steps/filter.ts";
import { createReport } from "../terminal/report.ts";

export const retryCommand: Command = {
  name: "retry",
  description: "Try dead, refused or cancelled jobs again",
  more: "Some, or all that match.",
  operands: { hint: "[job…]", description: "Jobs by their names, as `prewarm jobs` shows them", min: 0, max: 1000 },
  flags: {
    ...FILTER_FLAGS,
    all: { type: "boolean", description: "Every dead letter" },
    rate: { type: "string", valueHint: "n/s", description: "Jobs a second. Default: 100/s" },
    "dry-run": { type: "boolean", description: "Only count" },
  },
  examples: [
    "prewarm retry 0k3v9xw2m1a",
    "prewarm retry --search error:upstream_timeout --rate 20/s",
    "prewarm retry --search cause:upstream_failed-1a2b3c4d5e6f7081",
    "prewarm retry --all",
  ],
  graceful: true,
  async run(args, context) {
    const jobs = checkJobNames(args.operands);
    const filter = { ...readFilter(args), ...(jobs.length === 0 ? {} : { jobs }) };
    const api = createControlApi(readControlSettings(args, context), context);
    const report = createReport(args, context);
    await act({ kind: "retry", filter, confirm: false }, args, context, api, report);
    return EXIT.ok;
  },
};
