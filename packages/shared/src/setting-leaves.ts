import * as z from "zod";

/**
 * Every setting of a schema by its path, such as `pages.widths`: a value that a person writes. A list or a record is one setting, whatever its
 * entries hold.
 */
export function settingsIn(schema: z.ZodObject, under = ""): Map<string, z.core.$ZodType> {
  return new Map(
    Object.entries(schema.shape).flatMap(([name, inner]) =>
      inner instanceof z.ZodObject ? [...settingsIn(inner, `${under}${name}.`)] : [[`${under}${name}`, inner] as const],
    ),
  );
}
