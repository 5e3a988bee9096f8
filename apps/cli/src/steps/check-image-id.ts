import { checkItem } from "../input/item.ts";
import { usageError } from "../platform/exit-codes.ts";

/** An id that was typed, as it is. Throws a usage error for what is no id. */
export function checkImageId(id: string): string {
  try {
    return checkItem({ id }).id;
  } catch (error) {
    throw usageError(`${id}: ${error instanceof Error ? error.message : error}`);
  }
}
