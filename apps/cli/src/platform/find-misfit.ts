import type * as z from "zod";

type Issue = z.core.$ZodIssue;

const TYPES: Record<string, { is(value: unknown): boolean; says: string }> = {
  string: { is: (value) => typeof value === "string", says: "is no text" },
  number: { is: (value) => typeof value === "number", says: "is no number" },
  boolean: { is: (value) => typeof value === "boolean", says: "is neither true nor false" },
  array: { is: Array.isArray, says: "is no list" },
};

/**
 * Says what does not fit the schema, such as `the answer.total is no number`; null when everything fits. `name` stands for the whole value.
 * Only types count: a newer server may know more words, and other bounds, than this program.
 */
export function findMisfit(value: unknown, schema: z.ZodType, name: string): string | null {
  return firstMisfit(schema.safeParse(value, { reportInput: true }).error?.issues ?? [], name);
}

function firstMisfit(issues: readonly Issue[], name: string): string | null {
  for (const issue of issues) {
    const misfit = misfitOf(issue, name);
    if (misfit !== null) return misfit;
  }
  return null;
}

function misfitOf(issue: Issue, name: string): string | null {
  const at = issue.path.reduce<string>(
    (path, key) => path + (typeof key === "number" ? `[${key}]` : `.${String(key)}`),
    name,
  );
  switch (issue.code) {
    case "invalid_type":
      return ofType(issue.expected === "int" ? "number" : issue.expected, issue.input, at);
    case "invalid_value":
      return ofType(typeof issue.values[0], issue.input, at);
    case "invalid_union": {
      const branches = issue.errors.map((issues) => firstMisfit(issues, at));
      return branches.includes(null) ? null : (branches[0] ?? null);
    }
    default:
      return null;
  }
}

function ofType(expected: string, value: unknown, at: string): string | null {
  const { is = () => false, says = "is no object" } = TYPES[expected] ?? {};
  return is(value) ? null : `${at} ${says}`;
}
