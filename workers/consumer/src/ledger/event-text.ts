import type { EventType } from "@prewarm/shared/events";
import { momentInUtc, span, withMoments } from "@prewarm/shared/words";

type Data = Readonly<Record<string, unknown>>;

/** By the event's type. `now`: Unix ms. */
const TEXTS: Record<EventType | "test", (data: Data, now: number) => string> = {
  "run.finished": ({ run, label, states }) => `The run ${label ?? run} has ended: ${countsIn(states)}.`,
  "image.ready": ({ id, stored, failed }) => `The image ${id} is ready: ${countsIn({ stored, failed })}.`,
  "trouble.opened": (data) => `*${partOf(data)}, ${data.level}* ${data.sentence} ${data.cure}\n${data.url}`,
  "trouble.closed": (data) =>
    `*${partOf(data)}, over after ${span(Number(data.forMs))}* It was: ${data.sentence}\n${data.url}`,
  test: ({ who }) => `A test of Prewarm's events, sent by ${who}.`,
};

/**
 * An event in words, in the form of a Slack message: a chat's webhook that takes `{ text }` shows it as it is. Moments are in
 * UTC.
 */
export function eventText(type: EventType | "test", data: Data, now: number): string {
  const text = withMoments(TEXTS[type](data, now), (at) => momentInUtc(at, now));
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

/** `40 stored, 2 refused`; counts of 0 are left out. */
function countsIn(counts: unknown): string {
  const found = Object.entries(counts as Record<string, number>).filter(([, n]) => n > 0);
  return found.length === 0 ? "nothing was made" : found.map(([name, n]) => `${n} ${name}`).join(", ");
}

/** `Originals of cdn.example.com`. */
function partOf({ part, host }: Data): string {
  const text = String(part);
  const name = text.charAt(0).toUpperCase() + text.slice(1);
  return host === null ? name : `${name} of ${host}`;
}
