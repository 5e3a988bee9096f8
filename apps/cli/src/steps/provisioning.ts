import type { Provisioning } from "../deploy/provision.ts";
import { type Context, canAsk } from "../platform/context.ts";
import type { Opened } from "./open-target.ts";

/** What provisioning works with: wrangler, and secrets from the environment or from a person. */
export function provisioning({ wrangler, config }: Opened, context: Context): Provisioning {
  const person = {
    askSecret: (question: string) => context.ask(question, "hidden"),
    // Not to stdout, which may be a file.
    show: (line: string) => void context.stderr.write(`${line}\n`),
  };
  const sources = { value: (name: string) => context.env[name], person: canAsk(context) ? person : null };
  return { wrangler, site: config, sources };
}
