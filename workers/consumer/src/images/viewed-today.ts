/** Viewers' orders of one image today. */
export interface Viewed {
  orders: number;
  /** The site's own version tokens among the orders. */
  versions: Set<string>;
}

/**
 * Orders by image, in memory. The tables give the orders of an earlier instance, so that an eviction does not begin the
 * day again.
 */
export class ViewedToday {
  day = -1;
  readonly images = new Map<string, Viewed>();
  /** Keys by image, at the first look of this instance. */
  before = new Map<string, string[]>();
}
