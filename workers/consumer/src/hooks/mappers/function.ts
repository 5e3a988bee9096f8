import type { Config } from "@prewarm/shared/config";
import type { HookEvent } from "../hook-event.ts";
import { mapNative } from "./native.ts";

/** What a mapper's function returned: each entry is a native item or a native event, judged as a stranger's. Throws for any other thing. */
export function readNews(result: unknown, config: Config): HookEvent[] {
  if (!Array.isArray(result)) throw new Error("A mapper's function returns a list.");
  return result.flatMap((one) => mapNative(one, config));
}
