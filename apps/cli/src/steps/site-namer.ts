import { withDefaultUrl } from "@prewarm/shared/environment";
import type { Arguments } from "../arguments/command.ts";
import { findConfig } from "../arguments/load-config.ts";
import type { Namer } from "../input/item.ts";
import { createNamer } from "../input/namer.ts";
import type { Context } from "../platform/context.ts";

/** Names images by this site's configuration, if it has one. `edgeUrl`: null when it is not known. */
export async function siteNamer(args: Arguments, context: Context, edgeUrl: string | null): Promise<Namer> {
  const config = await findConfig(args, context);
  // The originals of a local stack, named to the command line as they are to `npm start`.
  const local = context.env.ORIGINALS_URL;
  const sources = config === null || !local ? null : withDefaultUrl(config.sources, local);
  return createNamer(config === null || sources === null ? config : { ...config, sources }, edgeUrl);
}
