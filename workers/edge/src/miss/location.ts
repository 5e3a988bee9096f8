import { originalUrl } from "@prewarm/shared/signature";
import type { Original } from "@prewarm/shared/source";
import type { Visit } from "../request-context.ts";

/** Where a viewer is sent to see the original: its own URL, or a signed one here for a bucket's. `isPrivate` originals have none. */
export async function originalLocation({ ask, edge }: Visit, original: Original): Promise<string> {
  if (original.kind === "url") return original.url;
  const [key] = edge.keys;
  if (key === undefined) throw new Error("a private original has no location");
  return originalUrl(ask.origin, ask.id, key, edge.config, Math.floor(edge.clock.now() / 1000));
}
