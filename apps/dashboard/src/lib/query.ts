import { QUALIFIER_VALUES, QUALIFIERS } from "@prewarm/shared/job-search";

/* What the search box offers while one types. The grammar itself is shared with the control API. */

/** Completions of the last word, each as a whole query, for a datalist. */
export function suggestions(text: string): string[] {
  const start = text.lastIndexOf(" ") + 1;
  const [head, last] = [text.slice(0, start), text.slice(start).toLowerCase()];
  const [name, typed] = last.split(":", 2);
  const qualifier = QUALIFIERS.find((one) => one === name);
  if (typed === undefined) return QUALIFIERS.filter((one) => one.startsWith(last)).map((one) => `${head}${one}:`);
  const values = (qualifier && QUALIFIER_VALUES[qualifier]) ?? [];
  return values.filter((value) => value.startsWith(typed) && value !== typed).map((value) => `${head}${name}:${value}`);
}
