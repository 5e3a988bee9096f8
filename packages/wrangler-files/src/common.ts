import type { Stage, Table } from "./stage.ts";

/* What both Workers have. */

/** Where the parts of an installation are, as paths from the wrangler files. */
export interface Installation {
  /** The Workers' entries. */
  edge: string;
  consumer: string;
  /** The configuration that the entries import as `prewarm-site`. Absent: they import it by its path. */
  site?: string;
  /** The built dashboard. */
  dashboard: string;
  /** The command that judges the configuration: a configuration at fault is not deployed. */
  check: string;
  /** The command that prints the wrangler files. */
  print: string;
}

/**
 * Never before 2026-10-01: from that date on, pending timers and `waitUntil` keep a Durable Object alive, and the ledger's collector is a loop
 * of timers. With an older date the loop ends without a word, and looks at open jobs come only with calls and alarms.
 */
export const COMPATIBILITY_DATE = "2026-11-01";

/** A fetch of the Worker's own zone goes through Access and firewall as everybody's does, never past them to the origin. */
export const STRICTLY_PUBLIC = "global_fetch_strictly_public";

/** Told by every line of the log and by /readyz; `wrangler deploy --tag` names the commit. */
export const VERSION = { version_metadata: { binding: "VERSION" } };

/** What environments inherit: it stands at the top once. */
export function inherited(main: string, flags: readonly string[], { check, site }: Installation): Table {
  return {
    main,
    ...(site === undefined ? {} : { alias: { "prewarm-site": site } }),
    compatibility_date: COMPATIBILITY_DATE,
    compatibility_flags: [STRICTLY_PUBLIC, ...flags],
    preview_urls: false,
    build: { command: check },
  };
}

/**
 * Our own lines of the log, all of them. The platform's, one for each view, request, batch and call of the ledger, would be more than ours,
 * and cost more than the view.
 */
export function observability({ destinations = {} }: Stage["settings"], traces: Table): Table {
  return {
    enabled: true,
    // A query may hold a signature.
    redact_query_string: true,
    logs: { enabled: true, invocation_logs: false, ...destinationsOf(destinations.logs) },
    ...traces,
  };
}

export function destinationsOf(names: readonly string[] | undefined): Table {
  return names === undefined ? {} : { destinations: names };
}
