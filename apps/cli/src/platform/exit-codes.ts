/** What `prewarm` tells the shell. Part of its interface: docs/cli.md is printed from `EXIT_MEANINGS`. */
export const EXIT = {
  ok: 0,
  failed: 1,
  usage: 2,
  auth: 3,
  unreachable: 4,
  limit: 5,
  interrupted: 130,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

export const EXIT_MEANINGS: Record<ExitCode, string> = {
  0: "All fine. With `--wait`: every variant is stored.",
  1: "Finished, but some items were refused, some variants are dead, refused or cancelled, or `coverage` does not pass --gate or --fail-below.",
  2: "Wrong usage or configuration; nothing more was sent.",
  3: "The control API refused `ADMIN_TOKEN`, Ittybit refused its key, or wrangler has no login.",
  4: "The control API or Ittybit cannot be reached, or `--timeout` ran out. The same command may work later.",
  5: "Stopped by a limit: `--max-errors`, or a spent budget while waiting.",
  130: "Interrupted by Ctrl-C. `prewarm warm --resume` or `prewarm coverage … --resume` goes on.",
};

/** A failure with an exit code, shown in one line. Any other error is a bug of ours and is shown with its stack. */
export class CliError extends Error {
  readonly exitCode: ExitCode;
  /** What to do about it, each on a line of its own. */
  readonly hints: readonly string[];

  constructor(exitCode: ExitCode, message: string, ...hints: (string | null)[]) {
    super(message);
    this.name = "CliError";
    this.exitCode = exitCode;
    this.hints = hints.filter((hint) => hint !== null);
  }
}

export function usageError(message: string, hint: string | null = null): CliError {
  return new CliError(EXIT.usage, message, hint);
}
