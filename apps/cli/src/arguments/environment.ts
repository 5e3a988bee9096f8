import type { Config } from "@prewarm/shared/config";
import { addressOf, edgeUrlOf } from "@prewarm/shared/deploy";
import type { Context } from "../platform/context.ts";
import { usageError } from "../platform/exit-codes.ts";
import { readAddresses } from "../site/places.ts";
import { fileFaults } from "../site/wrangler-files.ts";
import type { Arguments } from "./command.ts";
import { loadConfig, siteFolder } from "./load-config.ts";

/** The environment that a command acts on: the one that is named, or the only one. Throws a usage error where it is neither. */
export function chooseEnvironment({ deploy }: Pick<Config, "deploy">, named: string | null): string {
  const names = Object.keys(deploy);
  const [only] = names;
  if (only === undefined)
    throw usageError("deploy in prewarm.config.ts names no environment.", "Write for example: deploy: { staging: {} }");
  if (named === null && names.length > 1) throw usageError(`Name the environment: --to ${names.join(" or --to ")}.`);
  if (named !== null && !names.includes(named))
    throw usageError(`deploy in prewarm.config.ts has no ${named}, only ${names.join(", ")}.`);
  return named ?? only;
}

/**
 * The arguments, with the addresses of the environment that `--to` names in place of a missing `--url` and `--edge-url`: the configuration's,
 * else those that `deploy` wrote down.
 */
export async function withAddresses(
  args: Arguments,
  context: Pick<Context, "cwd" | "env" | "uid">,
): Promise<Arguments> {
  const to = args.text("to");
  if (to === null) return args;
  const config = await loadConfig(args, context);
  // A command that needs the faulty settings refuses them itself.
  if (fileFaults(config).length > 0) return args;
  const { edge, consumer } = readAddresses(siteFolder(args, context), chooseEnvironment(config, to), context.uid);
  const { control, ...settings } = config.deploy[to] ?? {};
  const known: Record<string, string | null> = {
    url: addressOf(control) ?? consumer,
    "edge-url": edgeUrlOf(settings) ?? edge,
  };
  return { ...args, text: (name) => args.text(name) ?? known[name] ?? null };
}
