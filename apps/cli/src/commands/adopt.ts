import { type ControlApi, createControlApi } from "../api/control-api.ts";
import { type Arguments, type Command, TIMEOUT_FLAG } from "../arguments/command.ts";
import { findConfig, PLANNED_SITE } from "../arguments/load-config.ts";
import { readCount, readDuration } from "../arguments/quantities.ts";
import { readControlSettings } from "../arguments/settings.ts";
import type { Read } from "../input/item.ts";
import { logReaderFor, SERVICES } from "../input/legacy-services.ts";
import { createLogTally, type LogTally } from "../input/log-tally.ts";
import { measureFile, openFile, unzipped } from "../input/open-bytes.ts";
import { readLog } from "../input/read-log.ts";
import type { Context } from "../platform/context.ts";
import { EXIT, type ExitCode, usageError } from "../platform/exit-codes.ts";
import { sendItems } from "../send/send-items.ts";
import { sentLine } from "../steps/report-run.ts";
import { formatCount } from "../terminal/progress.ts";
import { createReport, type Report } from "../terminal/report.ts";
import { formatTable } from "../terminal/table.ts";

/** Pictures that `--warm` makes at most: a report and a run of minutes, not a library. */
const TOP_MAX = 50_000;
const TOP = 1000;
/** Rows of a list that is printed; the JSON document has ten times as many. */
const SHOWN = 20;

export const adoptCommand: Command = {
  name: "adopt",
  description: "Read another service's access log: what its URLs get here",
  more: "It counts by parameter, and --warm warms what was requested most.",
  operands: {
    hint: "[log…]",
    description: "Access logs; `.gz` is unzipped; `-` or none is stdin",
    min: 0,
    max: Number.POSITIVE_INFINITY,
  },
  flags: {
    from: { type: "string", options: SERVICES, description: "The service whose URLs the log holds" },
    field: {
      type: "string",
      valueHint: "name",
      description: "Field of JSON lines with the address. Default: the usual names",
    },
    host: { type: "string", valueHint: "host", description: "Host of addresses that the log writes from the path on" },
    account: { type: "string", valueHint: "hash", description: "Account in delivery URLs of Cloudflare Images" },
    warm: { type: "boolean", description: "Warm the pictures that were requested most" },
    top: {
      type: "string",
      valueHint: "n",
      description: `With --warm: so many of them, at most ${TOP_MAX}. Default: ${TOP}`,
    },
    label: { type: "string", valueHint: "text", description: "Name of the run on the dashboard. Default: adopt" },
    timeout: TIMEOUT_FLAG,
  },
  examples: [
    "prewarm adopt access.log.gz --from cloudinary",
    "prewarm adopt logpush-*.json.gz --from cloudflare --account ZWd9g1K7eljCn_KDTu_MWA",
    "zcat logs/*.gz | prewarm adopt --from imgix --json",
    "prewarm adopt access.log --from cloudinary --warm --top 10000",
  ],
  async run(args, context) {
    const from = args.text("from");
    if (from === null) throw usageError("--from is needed.", `It is one of ${SERVICES.join(", ")}.`);
    const top = args.text("top") === null ? TOP : readCount(args.text("top") ?? "", "--top", 1);
    if (top > TOP_MAX) throw usageError(`--top is at most ${TOP_MAX}.`, "prewarm warm takes a list of any length.");
    // Before a long log is read.
    const settings = args.flag("warm") ? readControlSettings(args, context) : null;
    const report = createReport(args, context);
    try {
      const tally = await tallyLogs(from, top, args, context, report);
      if (tally.lines.read === 0) throw usageError(`The log holds no image URL of ${from}.`, hintFor(from, tally));
      print(tally, from, report);
      if (settings === null) return EXIT.ok;
      return await warm(tally, top, { args, context, report, api: createControlApi(settings, context) });
    } finally {
      report.end();
    }
  },
};

async function tallyLogs(
  from: string,
  top: number,
  args: Arguments,
  context: Context,
  report: Report,
): Promise<LogTally> {
  const config = (await findConfig(args, context)) ?? PLANNED_SITE;
  const { service, urlOf } = logReaderFor(from, config, args.text("host"), args.text("account"));
  const tally = createLogTally(top, config);
  const meter = { readBytes: 0, totalBytes: 0 };
  const places = args.operands.length === 0 ? ["-"] : args.operands;
  for (const place of places) if (place !== "-") await measureFile(place, meter, context);
  let lines = 0;
  for (const place of places) {
    const bytes = place === "-" ? unzipped(context.stdin, "stdin") : openFile(place, meter, context);
    for await (const line of readLog(bytes, args.text("field"))) {
      tally.add(line, (address) => {
        const url = urlOf(address);
        return url === null ? null : service.read(url, config);
      });
      lines += 1;
      if (lines % 10_000 > 0) continue;
      if (context.interrupts.stop.aborted) return tally;
      const share = places.includes("-") || !meter.totalBytes ? null : meter.readBytes / meter.totalBytes;
      report.update({
        label: "reading",
        unit: "lines",
        done: lines,
        total: null,
        share,
        failed: tally.lines.unread,
        throttled: 0,
      });
    }
  }
  return tally;
}

function hintFor(from: string, { lines }: LogTally): string {
  if (lines.unread > lines.other)
    return "Its form is not known: name the address's field with --field, or give addresses, one a line.";
  if (from === "cloudflare") return "Delivery URLs need --account; /cdn-cgi/image/ needs nothing.";
  return `${formatCount(lines.other)} requests are of something else. Is --from right?`;
}

function print(tally: LogTally, from: string, report: Report): void {
  report.end();
  if (report.json) {
    report.document("prewarm.adopt/1", documentOf(tally, from));
    return;
  }
  const { lines, requests, variants, rounded } = tally;
  const share = (count: number): string => `${((100 * count) / lines.read).toFixed(1)} %`;
  const rest = `${formatCount(lines.other)} of something else, ${formatCount(lines.failed)} that failed at ${from}`;
  report.data(`${formatCount(lines.read)} image requests; ${rest}, ${formatCount(lines.unread)} unread lines`);
  const words = ["exact", "approximate", "unsupported", "refused"] as const;
  list(
    words.map((word) => [word, share(requests[word]), formatCount(requests[word])]),
    report,
  );
  const shown = variants.warm + variants.cold;
  if (shown > 0) {
    const warm = `${((100 * variants.warm) / shown).toFixed(1)} %`;
    report.data(`${warm} of the ${formatCount(shown)} that get a variant are warm after an upload`);
  }
  if (rounded > 0) {
    const widths = tally.widths(5).map(([width]) => width);
    report.data(`${formatCount(rounded)} exact ones get the next width, most often for ${widths.join(", ")} px`);
  }
  const parameters = tally.parameters().slice(0, SHOWN);
  if (parameters.length > 0) report.data("");
  list(
    parameters.map((row) => [row.parameter, row.kind, formatCount(row.requests), share(row.requests), row.example]),
    report,
  );
  const missing = tally.missingLines(SHOWN);
  if (missing.length === 0) return;
  report.data("");
  report.data("Lines of prewarm.config.ts that would make requests exact:");
  list(
    missing.map(([line, times]) => [formatCount(times), line]),
    report,
  );
}

function list(rows: readonly (readonly string[])[], report: Report): void {
  for (const row of formatTable(rows)) report.data(row);
}

function documentOf(tally: LogTally, from: string): Record<string, unknown> {
  const most = 10 * SHOWN;
  const { lines, requests, variants, rounded } = tally;
  const missingLines = tally.missingLines(most).map(([line, times]) => ({ line, requests: times }));
  const widths = tally.widths(most).map(([width, times]) => ({ width: Number(width), requests: times }));
  const parameters = tally.parameters().slice(0, most);
  return { from, lines, requests, variants, rounded, parameters, missingLines, widths };
}

interface Warming {
  args: Arguments;
  context: Context;
  report: Report;
  api: ControlApi;
}

/** Warms what was requested most, the most frequent first: what is stored already costs nothing. */
async function warm(tally: LogTally, top: number, { args, context, report, api }: Warming): Promise<ExitCode> {
  const timeout = args.text("timeout");
  const deadline =
    timeout === null ? Number.POSITIVE_INFINITY : context.clock.now() + readDuration(timeout, "--timeout") * 1000;
  const reads = tally
    .pictures(top)
    .map(
      ({ id, query }, at): Read => ({ kind: "item", place: `picture ${at + 1}`, item: { id, transforms: [query] } }),
    );
  const { run, refused, ...counts } = await sendItems(reads, args.text("label") ?? "adopt", {
    api,
    deadline,
    context,
  });
  report.note(`${sentLine(reads.length, counts)}, ${formatCount(refused)} refused`);
  if (!report.json) report.data(run);
  else report.note(`Watch it with: prewarm status ${run} --watch`);
  return refused === 0 ? EXIT.ok : EXIT.failed;
}
