import { printable, printableJson } from "@prewarm/shared/printable";
import { momentInUtc, withMoments } from "@prewarm/shared/words";
import type { Arguments } from "../arguments/command.ts";
import type { Context } from "../platform/context.ts";
import { asTyped } from "./as-typed.ts";
import { createProgress, type Progress } from "./progress.ts";

/**
 * What a command writes: data to stdout, everything meant for people to stderr. Whatever a text holds, no control or format character reaches
 * either as it is: each line is made printable here and nowhere else.
 */
export interface Report extends Progress {
  /** Data: a line on stdout. */
  data(line: string): void;
  /** True with `--json`: the command writes one document instead of lines of data. */
  readonly json: boolean;
  document(schema: string, body: Record<string, unknown>): void;
}

export function createReport(args: Arguments, { stdout, stderr, env, clock }: Context): Report {
  const animate = stderr.isTTY === true && env.TERM !== "dumb";
  const progress = createProgress({ out: stderr, now: clock.now, animate, quiet: args.flag("quiet") });
  return {
    ...progress,
    note: (line) => progress.note(asTyped(line, env)),
    data: (line) => stdout.write(`${printable(withMoments(line, (at) => momentInUtc(at, clock.now())))}\n`),
    json: args.flag("json"),
    document: (schema, body) => stdout.write(`${printableJson(JSON.stringify({ schema, ...body }))}\n`),
  };
}
