import { parseSearch, QUALIFIER_VALUES, QUALIFIERS } from "@prewarm/shared/job-search";

/* What the search box offers while one types. The grammar itself is shared with the control API. */

/** A word that looks like a qualifier and is none. It is searched as text, which is seldom what the user meant. */
export function unknownQualifiers(text: string): string[] {
  const terms = parseSearch(text).filter(({ qualifier }) => qualifier === null);
  return terms.flatMap(({ value }) => /^([a-z]{2,12}):(?!\/\/)\S/.exec(value)?.[1] ?? []);
}

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
