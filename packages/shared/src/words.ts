/* Numbers and times as sentences have them. */

/** `4,310`. */
export function number(n: number): string {
  return n.toLocaleString("en-US");
}

/** `1 job`, `4,310 jobs`. */
export function counted(n: number, one: string): string {
  return `${number(n)} ${one}${n === 1 ? "" : "s"}`;
}

/**
 * What a change of the month's budget may cost, as `60,000 → 800,000, at most 1,110.00 more`. Null: it is no raise, so
 * nobody needs to be asked. Budgets are jobs a month, null is unlimited; `per1000Jobs`: the price, null if none is set.
 */
export function raiseWords(before: number | null, after: number | null, per1000Jobs: number | null): string | null {
  if (before === null || (after !== null && after <= before)) return null;
  const change = `${number(before)} → ${after === null ? "unlimited" : number(after)}`;
  if (after === null) return `${change}, at any cost`;
  if (per1000Jobs === null) return change;
  const most = ((after - before) * per1000Jobs) / 1000;
  const amount = most.toLocaleString("en-US", { minimumFractionDigits: 2, maximumFractionDigits: 2 });
  return `${change}, at most ${amount} more`;
}

/** `73 %`. */
export function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}

/**
 * A moment within a sentence, as ISO 8601 to the minute: `2026-11-24T14:05Z`. Whoever shows the sentence writes it as
 * the reader wants it (`withMoments`).
 */
export function momentOf(at: number): string {
  return `${new Date(at).toISOString().slice(0, 16)}Z`;
}

/** The sentence with its moments as `print` writes them (Unix ms). */
export function withMoments(sentence: string, print: (at: number) => string): string {
  return sentence.replace(/\b\d{4}-\d\d-\d\dT\d\d:\d\dZ/g, (moment) => print(Date.parse(moment)));
}

/** `17:42 (17:30–18:10)`: when work is done, as `print` writes moments (Unix ms), the same day once. Null: it is not known. */
export function doneWords(
  { doneAt, doneBetween }: { doneAt: number | null; doneBetween: { from: number; to: number } | null },
  print: (at: number) => string,
): string | null {
  if (doneAt === null) return null;
  if (doneBetween === null) return print(doneAt);
  const [at, from, to] = [doneAt, doneBetween.from, doneBetween.to].map(print);
  if (from === to) return `${at}`;
  const day = dayIn(`${at}`);
  const [first, last] = [from, to].map((text = "") => (dayIn(text) === day ? text.slice(day.length) : text));
  return `${at} (${first}–${last})`;
}

/** What stands before the time; empty: nothing. */
function dayIn(moment: string): string {
  return moment.slice(0, moment.lastIndexOf(" ") + 1);
}

/** `14:05 UTC`; with the day where it is another one. */
export function momentInUtc(at: number, now: number): string {
  const [date, time] = new Date(at).toISOString().split("T");
  const day = date === new Date(now).toISOString().slice(0, 10) ? "" : `${date} `;
  return `${day}${time?.slice(0, 5)} UTC`;
}

/** A span in its largest fitting unit: 40 s, 12 min, 3 h, 5 d. */
export function span(ms: number): string {
  const seconds = Math.max(1, Math.round(ms / 1000));
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  if (seconds < 172_800) return `${Math.round(seconds / 3600)} h`;
  return `${Math.round(seconds / 86_400)} d`;
}
