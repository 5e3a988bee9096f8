import { Cause, Causes, UnreadableMessage } from "@prewarm/control-schema/causes";
import * as z from "zod";
import { createControlApi } from "../api/control-api.ts";
import type { Command } from "../arguments/command.ts";
import { readControlSettings } from "../arguments/settings.ts";
import { EXIT, usageError } from "../platform/exit-codes.ts";
import { formatCount } from "../terminal/progress.ts";
import { createReport } from "../terminal/report.ts";
import { formatTable } from "../terminal/table.ts";

const WINDOWS = ["5m", "1h", "1d", "all"] as const;

const SeenCause = Cause.pick({
  cause: true,
  code: true,
  text: true,
  count: true,
  lastSeen: true,
  cure: true,
  states: true,
});
const SeenMessage = UnreadableMessage.pick({ queue: true, reason: true, at: true });
const CAUSES = Causes.pick({ exact: true }).extend({ causes: z.array(SeenCause), unreadable: z.array(SeenMessage) });

export const causesCommand: Command = {
  name: "causes",
  description: "Say why jobs fail now, and what cures it",
  more: "Retrying, dead and refused ones by cause, the most frequent first.",
  operands: null,
  flags: {
    window: { type: "string", valueHint: "span", description: "Failed last within 5m, 1h, 1d, or all. Default: 1h" },
    run: { type: "string", valueHint: "run", description: "Of this run only" },
  },
  examples: ["prewarm causes", "prewarm causes --window 5m --json"],
  async run(args, context) {
    const window = WINDOWS.find((one) => one === (args.text("window") ?? "1h"));
    if (window === undefined) throw usageError(`--window takes one of ${WINDOWS.join(", ")}.`);
    const run = args.text("run");
    const api = createControlApi(readControlSettings(args, context), context);
    const query = { window, ...(run === null ? {} : { run }) };
    const seen = await api.call("GET /api/v1/causes", { query }, CAUSES, { what: "the causes" });
    const { exact, causes, unreadable } = seen;
    const report = createReport(args, context);
    if (report.json) report.document("prewarm.causes/1", { window, exact, causes, unreadable });
    else for (const line of [...formatCauses(causes), ...formatUnreadable(unreadable)]) report.data(line);
    if (causes.length > 0)
      report.note(
        "Its jobs: prewarm jobs --search cause:<cause>. Try them again: prewarm retry --search cause:<cause>",
      );
    if (!exact) report.note("More than 100,000 jobs of a state have failed: not all of them are counted.");
    return EXIT.ok;
  },
};

function formatCauses(causes: readonly z.infer<typeof SeenCause>[]): string[] {
  if (causes.length === 0) return ["Nothing has failed in this time."];
  const rows = causes.map(({ cause, count, states, lastSeen, text, cure }) => [
    cause,
    formatCount(count),
    formatCount(states.retrying),
    formatCount(states.dead),
    formatCount(states.refused),
    new Date(lastSeen).toISOString().slice(0, 16),
    text,
    cure ?? "",
  ]);
  return formatTable([["CAUSE", "COUNT", "RETRYING", "DEAD", "REFUSED", "LAST", "WHAT", "CURE"], ...rows]);
}

function formatUnreadable(messages: readonly z.infer<typeof SeenMessage>[]): string[] {
  if (messages.length === 0) return [];
  const lines = messages.map(({ queue, reason, at }) => {
    return `${new Date(at).toISOString().slice(0, 16)}  ${queue}  ${reason}`;
  });
  return ["", `Queue messages that could not be read: ${messages.length}`, ...lines];
}
