/*
 * A view is one GET of an image, and what answered it. The edge writes it into a dataset of Analytics Engine, the control plane reads the
 * sums: this is the one place that says what stands in which column. No visitor is in it: no address, no header, no signature.
 */

export const VIEW_OUTCOMES = [
  "cache",
  "store",
  "stand-in",
  "original",
  "placeholder",
  "bypass",
  "refused",
  "failed",
] as const;
/**
 * `cache`, `store`: the variant, from the data centre's cache or from R2. `stand-in`: another variant meanwhile. `original`: a redirect to it,
 * or its bytes. `placeholder`: the grey pixel. `bypass`: an original that is shown as it is, such as SVG. `refused`: 4xx. `failed`: 5xx.
 */
export type ViewOutcome = (typeof VIEW_OUTCOMES)[number];

export interface View {
  outcome: ViewOutcome;
  /** The variant's; empty when nothing readable was asked for. */
  format: string;
  /**
   * Of what could be made and was not there. Of a hit its shape, the end of the key that was asked for (`640-high.webp`): with the image it would
   * be a column of a million values. Else empty.
   */
  missedKey: string;
  /** For how many views it stands. */
  weight: number;
  /** Sent; 0 for a part, for 304 and without a variant. */
  bytes: number;
  /** Of the original, where the bytes are a variant's and it is known; else 0. */
  originalBytes: number;
}

/** What `writeDataPoint` of Analytics Engine takes. */
export interface DataPoint {
  indexes: string[];
  blobs: string[];
  doubles: number[];
}

/** The columns that a query names. The index is what sampling goes by, so that many hits do not hide few failures. */
export const VIEW_COLUMNS = {
  outcome: "index1",
  format: "blob1",
  missedKey: "blob2",
  weight: "double1",
  bytes: "double2",
  savedBytes: "double3",
  originalBytes: "double4",
} as const;

export function dataPoint({ outcome, format, missedKey, weight, bytes, originalBytes }: View): DataPoint {
  const saved = originalBytes && originalBytes - bytes;
  return { indexes: [outcome], blobs: [format, missedKey], doubles: [weight, bytes, saved, originalBytes] };
}
