import type { StoredInfo } from "@prewarm/shared/image-info";
import { samePicture } from "@prewarm/shared/same-picture";
import { variantKey } from "@prewarm/shared/variant-key";
import type { RequestContext, Target } from "../request-context.ts";

/** What has the target's picture under another key, since the original is no larger; null where the target stands for itself. */
export function sameTarget({ target, edge }: RequestContext, info: StoredInfo): Target | null {
  const transform = samePicture(target.transform, info, edge.config);
  const key = variantKey(target.id, transform, target.version);
  return key === target.key ? null : { ...target, transform, key };
}
