import * as z from "zod";

/**
 * The least value that a schema of an answer takes: 0, false, "", null, [], the first of several, and a schema's own example where it names
 * one. Throws for a kind of schema that no answer has.
 */
export function leastValue<S extends z.ZodType>(schema: S): z.output<S> {
  return (schema.meta()?.example ?? least(schema)) as z.output<S>;
}

function least(schema: z.ZodType): unknown {
  if (schema instanceof z.ZodNullable || schema instanceof z.ZodNull) return null;
  if (schema instanceof z.ZodObject) return leastObject(schema);
  if (schema instanceof z.ZodIntersection)
    return Object.assign({}, leastOf(schema.def.left), leastOf(schema.def.right));
  if (schema instanceof z.ZodUnion) return leastOf(schema.options[0]);
  if (schema instanceof z.ZodEnum) return schema.options[0];
  if (schema instanceof z.ZodLiteral) return schema.value;
  if (schema instanceof z.ZodNumber) return Math.max(0, schema.minValue ?? 0);
  if (schema instanceof z.ZodString) return "";
  if (schema instanceof z.ZodBoolean) return false;
  if (schema instanceof z.ZodArray) return [];
  if (schema instanceof z.ZodRecord) return {};
  throw new Error(`No least value is known of a schema of kind ${schema.def.type}.`);
}

function leastObject({ shape }: z.ZodObject): object {
  const needed = Object.entries<z.ZodType>(shape).filter(([, part]) => !(part instanceof z.ZodOptional));
  return Object.fromEntries(needed.map(([name, part]) => [name, leastValue(part)]));
}

/** The same for a part that zod's types do not name. */
const leastOf = (part: unknown): unknown => leastValue(part as z.ZodType);
