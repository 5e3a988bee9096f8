import { createColors } from "picocolors";
import type { Arguments } from "../arguments/command.ts";
import type { Context } from "../platform/context.ts";
import { createProgress, type Progress } from "./progress.ts";

/** What a command writes: data to stdout, everything meant for people to stderr. */
export interface Report extends Progress {
  /** Data: a line on stdout. */
  data(line: string): void;
  /** True with `--json`: the command writes one document instead of lines of data. */
  readonly json: boolean;
  document(schema: string, body: Record<string, unknown>): void;
  readonly colors: ReturnType<typeof createColors>;
}

export function createReport(args: Arguments, { stdout, stderr, env, clock }: Context): Report {
  const plain = (env.NO_COLOR ?? "") !== "" || env.TERM === "dumb";
  const animate = stderr.isTTY === true && env.TERM !== "dumb";
  const progress = createProgress({ out: stderr, now: clock.now, animate, quiet: args.flag("quiet") });
  return {
    ...progress,
    data: (line) => stdout.write(`${line}\n`),
    json: args.flag("json"),
    document: (schema, body) => stdout.write(`${JSON.stringify({ schema, ...body })}\n`),
    colors: createColors(stdout.isTTY === true && !plain),
  };
}
