import * as z from "zod";

/*
 * What the schemas of prewarm.config.ts are made of. Every message says what to write instead; `checkConfig` adds the path.
 */

/** One fault: where it is and how to mend it. */
export interface Fault {
  /** From the setting that was judged on; empty: the setting itself. */
  path: readonly (string | number)[];
  mend: string;
}

/**
 * A rule beside a field, for `superRefine`. It runs only where the field's shape is right, so the value has the type of the configuration: the
 * schema's type differs in `undefined` only.
 */
export function rule<T>(faults: (value: T) => readonly Fault[]) {
  return (value: unknown, context: z.RefinementCtx): void => {
    for (const { path, mend } of faults(value as T))
      context.addIssue({ code: "custom", path: [...path], message: mend });
  };
}

/** A binding's or a secret's name, as wrangler takes it. */
export const bindingName = z
  .string()
  .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, "write a name of letters, digits and _, such as ORIGINALS or HOOK_SECRET");
/** Secrets themselves have no place here; a pasted one is caught by its form. */
const secretName = bindingName.refine((name) => !/^whsec_/i.test(name), {
  error: "write the secret's name here; `prewarm provision --to <env>` sets its value",
});
export const secrets = z.array(secretName).min(1, "name at least one secret");

/** A name that stands in URLs, paths and logs. */
export const plainName = z.string().regex(/^[A-Za-z0-9_-]{1,64}$/, "use 1 to 64 letters, digits, - or _ for the name");

export function integer(least: number, most: number): z.ZodType<number> {
  const text = `write an integer from ${least} to ${most}`;
  return z.int(text).min(least, text).max(most, text);
}

export function within(least: number, most: number): z.ZodType<number> {
  const text = `write a number from ${least} to ${most}`;
  return z.number(text).min(least, text).max(most, text);
}

/** A function of the site. What it returns is judged where it is called. */
export function ownFunction<T>() {
  return z.custom<T>((value) => typeof value === "function", "write a function");
}

export function isAscending(numbers: readonly number[]): boolean {
  return numbers.every((number, index) => index === 0 || number > (numbers[index - 1] ?? number));
}

export function unique<T extends string>(values: readonly T[]) {
  return z
    .array(z.enum(values, `write one of ${values.join(", ")}`))
    .min(1, { error: "name at least one", abort: true })
    .refine((given) => new Set(given).size === given.length, { error: "name each only once" });
}

/** Faults of entries that an earlier one of the list has taken. */
export function repeated(names: readonly string[], fault: (index: number, first: number) => Fault): Fault[] {
  return names.flatMap((name, index) => {
    const first = names.indexOf(name);
    return first === index ? [] : [fault(index, first)];
  });
}
