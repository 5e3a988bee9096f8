/** What the ledger tells others about (docs/hooks.md); `test` is sent by hand. */
export const EVENT_TYPES = ["run.finished", "image.ready", "trouble.opened", "trouble.closed"] as const;
export type EventType = (typeof EVENT_TYPES)[number];

/** What a site's function gets (docs/hooks.md). */
export interface OutgoingEvent {
  /** The same when the event comes again. */
  id: string;
  type: EventType | "test";
  /** ISO 8601. */
  timestamp: string;
  /** The event in words, as a message to a chat may have it. */
  text: string;
  data: Readonly<Record<string, unknown>>;
}

/**
 * Acts on an event. It has `SITE_FUNCTION_MS`; when it throws or takes longer, the same event comes again. `secrets` has the values of the
 * endpoint's `secrets`.
 */
export type HandleEvent = (event: OutgoingEvent, secrets: readonly string[]) => unknown;

/** An address, or a function of the site with the name that operators see. It is told of all types, or of `types`. */
export type EventEndpoint = { types?: readonly EventType[] } & (
  | { url: string; secrets: readonly string[] }
  | { name: string; handle: HandleEvent; secrets?: readonly string[] }
);

/** How the ledger and operators name an endpoint. */
export function endpointName(endpoint: EventEndpoint): string {
  return "url" in endpoint ? endpoint.url : endpoint.name;
}
