/** What viewers' misses ordered of one image today. */
export interface Viewed {
  orders: number;
  /** The site's own version tokens among them. */
  versions: Set<string>;
}

/** Kept in memory; what an instance before this one ordered today is counted from the tables, so that no eviction begins the day anew. */
export class ViewedToday {
  day = -1;
  readonly images = new Map<string, Viewed>();
  /** Keys by image, as they stood when this instance first looked. */
  before = new Map<string, string[]>();
}
