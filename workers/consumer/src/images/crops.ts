import { followsFocal } from "@prewarm/shared/focal";
import { parseVariantKey } from "@prewarm/shared/variant-key";

/** Whether the variant is a crop that follows the focal point of its image. */
export function isCropByFocal(key: string): boolean {
  const parsed = parseVariantKey(key);
  return parsed !== null && followsFocal(parsed.transform);
}
