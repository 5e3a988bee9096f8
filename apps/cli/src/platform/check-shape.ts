/**
 * What of a foreign JSON value is relied on: field by field, a list by its one kind of entry. A field named `x|null` may be null, one named
 * `x?` may also be missing.
 */
type ShapeOf<T> = T extends number
  ? "number"
  : T extends string
    ? "text"
    : T extends boolean
      ? "flag"
      : T extends readonly (infer E)[]
        ? readonly [ShapeOf<E>]
        : { readonly [K in keyof T & string as Name<T, K>]?: ShapeOf<NonNullable<T[K]>> };

type Name<T, K extends keyof T & string> = undefined extends T[K] ? `${K}?` : null extends T[K] ? `${K}|null` : K;

declare const fits: unique symbol;

/** The fields of a `T` that this program relies on. */
export type Shape<T> = ShapeOf<T> & { readonly [fits]?: T };

/** The compiler holds the fields to `T`, so that a shape cannot drift from the API's types. */
export function shapeOf<T>(fields: ShapeOf<T>): Shape<T> {
  return fields as Shape<T>;
}

/** Says what does not fit the shape, such as `the answer.total is no number`; null when everything fits. `name` stands for the whole value. */
export function findMisfit(value: unknown, shape: unknown, name: string): string | null {
  if (shape === "number") return typeof value === "number" ? null : `${name} is no number`;
  if (shape === "text") return typeof value === "string" ? null : `${name} is no text`;
  if (shape === "flag") return typeof value === "boolean" ? null : `${name} is neither true nor false`;
  if (Array.isArray(shape)) {
    if (!Array.isArray(value)) return `${name} is no list`;
    return firstOf(value.map((entry, index) => () => findMisfit(entry, shape[0], `${name}[${index}]`)));
  }
  if (!isObject(value)) return `${name} is no object`;
  return firstOf(
    Object.entries(shape as object).map(([key, inner]) => () => {
      const field = key.replace(/\|null$|\?$/, "");
      const given = value[field];
      if ((given === null && key !== field) || (given === undefined && key.endsWith("?"))) return null;
      return findMisfit(given, inner, `${name}.${field}`);
    }),
  );
}

function firstOf(checks: readonly (() => string | null)[]): string | null {
  for (const check of checks) {
    const misfit = check();
    if (misfit !== null) return misfit;
  }
  return null;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
