import type { Assumption } from "../assumption.ts";

/** What a run of some minutes cannot provoke: it is only assumed. */
export const UNCHECKED: readonly Assumption[] = [
  {
    name: "overloaded",
    assumes: "An overloaded object says so with `overloaded`, and such a call is not made again.",
    where: "workers/consumer/src/ledger/ledger-for.ts",
    documented: {
      page: "Durable Objects, Error handling",
      says: "JavaScript Errors with the property .overloaded set to True should not be retried.",
    },
    check: null,
  },
  {
    name: "handler-wall",
    assumes: "A queue handler may run for 15 minutes.",
    where: "workers/consumer/src/making/work.ts",
    documented: { page: "Queues, Limits", says: "Consumer duration (wall clock time): 15 minutes" },
    check: null,
  },
  {
    name: "bookmark-age",
    assumes: "Bookmarks reach back 30 days.",
    where: "workers/consumer/src/ledger/ledger-object.ts",
    documented: {
      page: "Durable Objects, SQLite-backed Durable Object Storage",
      says: "restore a Durable Object's embedded SQLite database to any point in time in the past 30 days",
    },
    check: null,
  },
  {
    name: "database-size",
    assumes: "An object's database may hold 10 GB.",
    where: "docs/runbook.md",
    documented: { page: "Durable Objects, Limits", says: "Storage per Durable Object: 10 GB" },
    check: null,
  },
  {
    name: "subrequest-limit",
    assumes: "An invocation may make 10,000 subrequests; a worker drains before that.",
    where: "workers/consumer/src/making/held-claims.ts",
    documented: { page: "Workers, Limits", says: "Subrequests: 10,000/request (Workers Paid)" },
    check: null,
  },
  {
    name: "cron",
    assumes: "The cron runs each minute, and a lost run does no harm.",
    where: "workers/consumer/src/create-consumer.ts",
    documented: null,
    check: null,
  },
];
