import { isJsonObject } from "@prewarm/shared/foreign-json";

/* How foreign JSON is looked into: nothing is required, nothing throws. */

export type Fields = Record<string, unknown>;

/** The value, if it is an object. No schema copies it: a page of a hundred jobs asks this a thousand times. */
export function fieldsOf(value: unknown): Fields | null {
  return isJsonObject(value) ? value : null;
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
