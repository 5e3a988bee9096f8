import { followsFocal } from "@prewarm/shared/focal";
import { parseVariantKey } from "@prewarm/shared/variant-key";

/** Whether the focal point of its image decides what the variant shows. */
export function isCropByFocal(key: string): boolean {
  const parsed = parseVariantKey(key);
  return parsed !== null && followsFocal(parsed.transform);
}
