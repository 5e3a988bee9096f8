/** What the ledger tells others about (docs/events.md); `test` is sent by hand. */
export const EVENT_TYPES = [
  "run.finished",
  "image.ready",
  "variant.dead",
  "breaker.opened",
  "breaker.closed",
  "budget.level",
  "live.stalled",
  "nothing.consumed",
] as const;
export type EventType = (typeof EVENT_TYPES)[number];
