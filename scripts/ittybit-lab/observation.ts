/** Something that is seen, and, where it costs something, what and which setting helps. */
export interface Observation {
  what: string;
  seen: string;
  /** In the closing sentence: "it …". Null: no difference that matters. */
  differs: string | null;
  costs?: string;
  /** As it is written into prewarm.config.ts or the environment. */
  setting?: string;
}
