/* The search's words: `qualifier:value`, quotes around spaces, everything else free text. The server searches; this shows and edits. */

export const QUALIFIERS = ["id", "format", "error", "run", "lane"] as const;
type Qualifier = (typeof QUALIFIERS)[number];

export interface Term {
  /** Null: free text, searched in the variant key. */
  qualifier: Qualifier | null;
  value: string;
}

const VALUES: Partial<Record<Qualifier, readonly string[]>> = {
  format: ["avif", "webp", "jpeg", "png"],
  lane: ["live", "upload", "bulk"],
};

/** Splits at spaces outside quotes. A quote that is never closed runs to the end: people type from left to right. */
export function parseQuery(text: string): Term[] {
  const words = text.match(/(?:[^\s"]|"[^"]*(?:"|$))+/g) ?? [];
  return words.map(toTerm).filter((term) => term.value !== "");
}

function toTerm(word: string): Term {
  const colon = word.indexOf(":");
  const name = word.slice(0, colon).toLowerCase();
  const qualifier = colon > 0 ? QUALIFIERS.find((one) => one === name) : undefined;
  const value = (qualifier ? word.slice(colon + 1) : word).replaceAll('"', "");
  return { qualifier: qualifier ?? null, value };
}

/** The inverse of `parseQuery`. A value cannot hold a quote; one typed anyway has been dropped. */
export function printQuery(terms: readonly Term[]): string {
  return terms.map(printTerm).join(" ");
}

function printTerm({ qualifier, value }: Term): string {
  // Free text that would read as a qualifier is quoted as a whole.
  const looksQualified = qualifier === null && QUALIFIERS.some((one) => value.toLowerCase().startsWith(`${one}:`));
  const text = /\s/.test(value) || looksQualified ? `"${value}"` : value;
  return qualifier ? `${qualifier}:${text}` : text;
}

/** A word that looks like a qualifier and is none. It is searched as text, which is seldom what the user meant. */
export function unknownQualifiers(text: string): string[] {
  const terms = parseQuery(text).filter(({ qualifier }) => qualifier === null);
  return terms.flatMap(({ value }) => /^([a-z]{2,12}):(?!\/\/)\S/.exec(value)?.[1] ?? []);
}

/** Completions of the last word, each as a whole query, for a datalist. */
export function suggestions(text: string): string[] {
  const start = text.lastIndexOf(" ") + 1;
  const [head, last] = [text.slice(0, start), text.slice(start).toLowerCase()];
  const [name, typed] = last.split(":", 2);
  const qualifier = QUALIFIERS.find((one) => one === name);
  if (typed === undefined) return QUALIFIERS.filter((one) => one.startsWith(last)).map((one) => `${head}${one}:`);
  const values = (qualifier && VALUES[qualifier]) ?? [];
  return values.filter((value) => value.startsWith(typed) && value !== typed).map((value) => `${head}${name}:${value}`);
}
