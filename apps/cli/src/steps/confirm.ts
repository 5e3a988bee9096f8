import { printable } from "@prewarm/shared/printable";
import type { Arguments } from "../arguments/command.ts";
import { type Context, canAsk } from "../platform/context.ts";
import { CliError, EXIT, usageError } from "../platform/exit-codes.ts";
import { interrupted } from "../platform/http-request.ts";

/**
 * Asks the user to type `word` before something is destroyed. `--yes` skips the question; without a terminal it is required. True:
 * the user was asked, and has read `what`.
 */
export async function confirmByTyping(args: Arguments, context: Context, what: string, word: string): Promise<boolean> {
  if (args.flag("yes")) return false;
  if (!canAsk(context)) throw usageError(`${what} Nobody can be asked here: add --yes.`);
  const typed = await context.ask(printable(`${what} Type ${word} to go on: `));
  if (context.interrupts.stop.aborted) throw interrupted();
  if (typed.trim() !== word) throw new CliError(EXIT.usage, "Not confirmed; nothing was done.");
  return true;
}
