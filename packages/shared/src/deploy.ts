/*
 * The environments of a site: what `deploy` in prewarm.config.ts says of each, and the names and addresses that follow. The wrangler files,
 * `prewarm check` and the deploy commands go by this file, so a name has one origin.
 */

/** A host of its own (a custom domain), or a route of a zone that serves other things too. */
export type Route = string | { pattern: string; zone: string };

/** Where a Durable Object may be asked to live (developers.cloudflare.com/durable-objects/reference/data-location, read 2026-11). */
export const LEDGER_PLACES = {
  LEDGER_LOCATION: ["wnam", "enam", "sam", "weur", "eeur", "apac", "apac-ne", "apac-se", "oc", "afr", "me"],
  LEDGER_JURISDICTION: ["eu", "us", "fedramp", "fedramp-high"],
} as const;

/** Where R2 keeps a bucket, and Queues a queue, for good (developers.cloudflare.com/queues/configuration/data-location, read 2026-11). */
export const JURISDICTIONS = ["eu", "us", "fedramp"] as const;
export type Jurisdiction = (typeof JURISDICTIONS)[number];

/** Variables of the consumer that nothing else in the configuration sets. */
export const DEPLOY_VARS = [
  "ITTYBIT_API_URL",
  "ITTYBIT_ACCEPT_VERSION",
  "ACCESS_TEAM",
  "ACCESS_AUD",
  "ACCESS_OPERATORS",
] as const;

/** An environment's things by their names in the account. */
export interface DeployNames {
  edge: string;
  consumer: string;
  bucket: string;
  live: string;
  work: string;
  uploads: string;
  dead: string;
  views: string;
}

/** One environment. Everything that is not here is the same in all environments, or follows from the environment's name. */
export interface DeployConfig {
  /** Where pages load images from: a host (a custom domain), `{ pattern, zone }` for a route of a zone, or a list of such. Default: workers.dev alone, where nothing is cached. */
  edge?: Route | readonly Route[];
  /** The address that pages write, which becomes `EDGE_URL`. Default: `https://` and the host of the first entry of `edge`. */
  edgeUrl?: string;
  /** Where the dashboard, the API and the hooks answer, written as `edge` is. Default: workers.dev. */
  control?: Route | readonly Route[];
  /** Whether both Workers answer on workers.dev. Default: a Worker that has a host in `edge` or `control` does not. */
  workersDev?: boolean;
  /** The name that begins the names of Workers, queues and dataset, such as `shop` for a second site in the account. Default: `prewarm`. */
  name?: string;
  /** Single names in place of the derived ones: `edge`, `consumer`, `bucket`, `live`, `work`, `uploads`, `dead`, `views`. */
  names?: Partial<DeployNames>;
  /** Buckets of originals by the binding that a source names: `{ ORIGINALS: "photos" }`, or `{ name, jurisdiction }`. Needed for each such source. */
  buckets?: Readonly<Record<string, string | { name: string; jurisdiction?: Jurisdiction }>>;
  /** What the variants' bucket, the ledger and the queues may never leave: `eu`, `us` or `fedramp`, or `{ bucket, ledger }`, where the queues follow the ledger. Choose it before the first deploy: buckets and queues cannot move, and a ledger of another jurisdiction is another, empty ledger. Default: none. */
  jurisdiction?:
    | Jurisdiction
    | { bucket?: Jurisdiction; ledger?: (typeof LEDGER_PLACES)["LEDGER_JURISDICTION"][number] };
  /** Near which place the ledger is made, such as `weur`: a hint, heard at the first deploy only. Default: near its first caller. */
  location?: (typeof LEDGER_PLACES)["LEDGER_LOCATION"][number];
  /** Whether views are counted (docs/dashboard.md). Enable Analytics Engine in the account first. Default: `false`. */
  views?: boolean;
  /** Share of the consumer's invocations that are traced, 0–1. Default: 0.05. */
  traceSampling?: number;
  /** Destinations of the account that get the logs of both Workers and the traces of the consumer: `{ logs: ["…"], traces: ["…"] }`. Default: none. */
  destinations?: { logs?: readonly string[]; traces?: readonly string[] };
  /** Variables of the consumer: `ITTYBIT_API_URL` (default `https://api.ittybit.com`), `ITTYBIT_ACCEPT_VERSION`, `ACCESS_TEAM`, `ACCESS_AUD`, `ACCESS_OPERATORS`. Secrets have no place here. */
  vars?: Readonly<Partial<Record<(typeof DEPLOY_VARS)[number], string>>>;
  /** The id of the Cloudflare account; commands refuse another one in `CLOUDFLARE_ACCOUNT_ID`. Default: that variable, or the account that wrangler is logged in to. */
  account?: string;
}

const NAME = "prewarm";

/** Production has the plain ones, every other environment its own name behind them. */
export function deployNames(environment: string, { name = NAME, names = {} }: DeployConfig): DeployNames {
  const suffix = suffixOf(environment);
  const of = (what: string): string => `${name}-${what}${suffix}`;
  return {
    edge: of("edge"),
    consumer: of("consumer"),
    bucket: name === NAME ? `optimized-images${suffix}` : of("optimized-images"),
    live: of("live"),
    work: of("work"),
    uploads: of("uploads"),
    dead: of("dead"),
    views: of("views").replaceAll("-", "_"),
    ...names,
  };
}

function suffixOf(environment: string): string {
  return environment === "production" ? "" : `-${environment}`;
}

/** The Worker in front of a site's pages, which a site may have. */
export function rewriterName(environment: string, { name = NAME }: DeployConfig): string {
  return `${name}-rewriter${suffixOf(environment)}`;
}

/** Routes as a list. */
export function routesOf(routes: DeployConfig["edge"]): readonly Route[] {
  if (routes === undefined) return [];
  return typeof routes === "string" || "pattern" in routes ? [routes] : routes;
}

/** The host that a route is of, in lower case; with a `*` in it, it stands for many. */
export function hostOf(route: Route): string {
  const pattern = typeof route === "string" ? route : route.pattern;
  return (pattern.split("/")[0] ?? "").toLowerCase();
}

/** The address of the first route; null where there is none, or none that is one host's. */
export function addressOf(routes: DeployConfig["edge"]): string | null {
  const [first] = routesOf(routes);
  const host = first === undefined ? "*" : hostOf(first);
  return host.includes("*") ? null : `https://${host}`;
}

/** Whether requests of a path, such as `/staged/`, come to the Worker of these routes, at the address of the first one. */
export function leadsTo(routes: DeployConfig["edge"], path: string): boolean {
  const [first] = routesOf(routes);
  if (first === undefined || typeof first === "string") return true;
  const [, pattern = ""] = /^[^/]*(\/.*)$/.exec(first.pattern) ?? [];
  return pattern.endsWith("*") && path.startsWith(pattern.slice(0, -1));
}

/** What `EDGE_URL` of an environment is; null: nothing says. */
export function edgeUrlOf({ edge, edgeUrl }: DeployConfig): string | null {
  return edgeUrl ?? addressOf(edge);
}

/** Hosts that lead to the edge in any environment. A source on one of them would ask the edge for ever. */
export function deployHosts(deploy: Readonly<Record<string, DeployConfig>>): string[] {
  return Object.values(deploy).flatMap((settings) => {
    const own = settings.edgeUrl === undefined ? [] : [new URL(settings.edgeUrl).host];
    return [...own, ...routesOf(settings.edge).map(hostOf)].filter((host) => !host.includes("*"));
  });
}

/** What the variants' bucket, the ledger and the queues of an environment may not leave. */
export function jurisdictionsOf({ jurisdiction = {} }: DeployConfig) {
  const { bucket, ledger } =
    typeof jurisdiction === "string" ? { bucket: jurisdiction, ledger: jurisdiction } : jurisdiction;
  // A message holds the ids that the ledger holds. Queues have no fedramp-high.
  const queues: Jurisdiction | undefined = ledger === "fedramp-high" ? "fedramp" : ledger;
  return { bucket, ledger, queues };
}
