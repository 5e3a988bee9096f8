import * as z from "zod";

/* How foreign JSON is looked into: nothing is required, nothing throws. */

const record = z.record(z.string(), z.unknown());
export type Fields = z.infer<typeof record>;

export function fieldsOf(value: unknown): Fields | null {
  const parsed = record.safeParse(value);
  return parsed.success && !Array.isArray(value) ? parsed.data : null;
}

export function textOf(value: unknown): string | null {
  return typeof value === "string" && value !== "" ? value : null;
}

/** The first of the named fields that reads as something. */
export function first<T>(fields: Fields, names: readonly string[], read: (value: unknown) => T | null): T | null {
  for (const name of names) {
    const found = Object.hasOwn(fields, name) ? read(fields[name]) : null;
    if (found !== null) return found;
  }
  return null;
}
