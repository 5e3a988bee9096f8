/** The width in px of a link's preview. */
export const OG_WIDTH = 1200;

/** `"16:9"` or `"1.91:1"`: two numbers of at most four digits, and two after the point. */
export const RATIO_PATTERN = /^(?<across>[1-9]\d{0,3}(?:\.\d{1,2})?):(?<down>[1-9]\d{0,3}(?:\.\d{1,2})?)$/;

/** Width divided by height; null when the text is no ratio. */
export function readRatio(text: string): number | null {
  const { across, down } = RATIO_PATTERN.exec(text)?.groups ?? {};
  return across === undefined || down === undefined ? null : Number(across) / Number(down);
}
