/** Wide enough for an S3 sequencer and for any number of 64 bits. */
const WIDTH = 48;

/** Something that grows, as text that compares like it: numbers and hexadecimal padded, dates as milliseconds. Null when there is nothing. */
export function orderText(value: unknown): string | null {
  if (typeof value === "number") return Number.isFinite(value) && value >= 0 ? pad(String(Math.floor(value))) : null;
  if (typeof value !== "string" || value === "" || value.length > 200) return null;
  if (/^[0-9a-f]+$/i.test(value) && value.length <= WIDTH) return pad(value.toLowerCase());
  const time = /^\d{4}-\d{2}-\d{2}T/.test(value) ? Date.parse(value) : Number.NaN;
  return Number.isNaN(time) ? value : pad(String(time));
}

function pad(text: string): string {
  return text.padStart(WIDTH, "0");
}
