import { checkItem } from "../input/item.ts";
import { usageError } from "../platform/exit-codes.ts";

/** An id that was typed or read, as it is. Throws a usage error for what is no id; `place` and `after` stand around it. */
export function checkImageId(id: string, place = "", after = ""): string {
  try {
    return checkItem({ id }).id;
  } catch (error) {
    throw usageError(`${place}${id}: ${error instanceof Error ? error.message : error}${after}`);
  }
}
