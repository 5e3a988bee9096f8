/** Attributes of a span; null ones are left out. */
export type Attributes = Record<string, string | number | null>;

/** Does some work within a span of the platform's trace, and lets it be noted what it is about. */
export type Span = <T>(name: string, work: (note: (attributes: Attributes) => void) => Promise<T>) => Promise<T>;

/** Where nothing is traced. */
export const noSpan: Span = (_name, work) => work(() => undefined);
