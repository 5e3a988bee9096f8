import type { StoredInfo } from "@prewarm/shared/image-info";
import { samePicture } from "@prewarm/shared/same-picture";
import { variantKey } from "@prewarm/shared/variant-key";
import type { RequestContext, Target } from "../request-context.ts";

/** The target with the same picture that is made, because the original is no larger. Null: it is this one. */
export function sameTarget({ target, edge }: RequestContext, info: StoredInfo): Target | null {
  const transform = samePicture(target.transform, info, edge.config);
  const key = variantKey(target.id, transform, target.version);
  return key === target.key ? null : { ...target, transform, key };
}
