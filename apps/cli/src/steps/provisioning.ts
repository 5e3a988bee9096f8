import type { Provisioning } from "../deploy/provision.ts";
import { type Context, canAsk } from "../platform/context.ts";
import type { Opened } from "./open-target.ts";

/** What provisioning works with: wrangler, and secrets from the environment or from a person. */
export function provisioning({ wrangler, config }: Opened, context: Context): Provisioning {
  const askSecret = canAsk(context) ? (name: string) => context.ask(`${name}: `, "hidden") : null;
  return { wrangler, site: config, value: (name) => context.env[name], askSecret };
}
