import type { Provisioning } from "../deploy/provision.ts";
import { type Context, canAsk } from "../platform/context.ts";
import { usageError } from "../platform/exit-codes.ts";
import type { Opened } from "./open-target.ts";

/** What provisioning works with: wrangler, and secrets from the environment or from a person. `replaced`: secrets that are set again. */
export function provisioning(
  { wrangler, config, target }: Opened,
  context: Context,
  replaced: readonly string[] = [],
): Provisioning {
  const names = [...new Set(Object.values(target.secrets).flatMap(({ needed, possible }) => [...needed, ...possible]))];
  for (const name of replaced)
    if (!names.includes(name))
      throw usageError(`${name} is no secret of ${target.env}: there are ${names.toSorted().join(", ")}.`);
  const person = {
    askSecret: (question: string) => context.ask(question, "hidden"),
    // Not to stdout, which may be a file.
    show: (line: string) => void context.stderr.write(`${line}\n`),
  };
  const sources = { value: (name: string) => context.env[name], person: canAsk(context) ? person : null, replaced };
  return { wrangler, site: config, sources };
}
