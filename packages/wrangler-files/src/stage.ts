import type { Config } from "@prewarm/shared/config";
import {
  addressOf,
  type DeployConfig,
  type DeployNames,
  deployNames,
  edgeUrlOf,
  jurisdictionsOf,
  type Route,
  routesOf,
} from "@prewarm/shared/deploy";

/** What the generator needs of a configuration. */
export type Site = Pick<Config, "sources" | "deploy">;
export type Table = Record<string, unknown>;

/** The local stack, which is the files' top level, or an environment of `deploy`. */
export interface Stage {
  /** Null: the local stack. */
  environment: string | null;
  settings: DeployConfig;
  names: DeployNames;
  /** The variants' bucket, then those of originals. */
  buckets: Table[];
}

/** The local stack. A source's bucket has its binding's name there, so that a bucket needs no environment to be tried. */
export function localStage({ sources }: Pick<Site, "sources">): Stage {
  const buckets = Object.fromEntries(
    bindingsOf(sources).map((name) => [name, name.toLowerCase().replaceAll("_", "-")]),
  );
  // The names are production's. Nothing is deployed under them, because the top level has no name.
  return stageOf(null, { buckets }, deployNames("production", {}));
}

/** The environments in the order of the configuration. */
export function stagesOf({ deploy }: Pick<Site, "deploy">): Stage[] {
  return Object.entries(deploy).map(([environment, settings]) =>
    stageOf(environment, settings, deployNames(environment, settings)),
  );
}

function stageOf(environment: string | null, settings: DeployConfig, names: DeployNames): Stage {
  const { bucket: jurisdiction } = jurisdictionsOf(settings);
  const originals = Object.entries(settings.buckets ?? {}).map(([binding, bucket]) =>
    typeof bucket === "string"
      ? { binding, bucket_name: bucket }
      : { binding, ...bucketOf(bucket.name, bucket.jurisdiction) },
  );
  const store = { binding: "IMAGES_BUCKET", ...bucketOf(names.bucket, jurisdiction) };
  return { environment, settings, names, buckets: [store, ...originals] };
}

function bucketOf(name: string, jurisdiction: string | undefined): Table {
  return { bucket_name: name, ...(jurisdiction === undefined ? {} : { jurisdiction }) };
}

function bindingsOf(sources: Site["sources"]): string[] {
  return [...new Set(sources.flatMap((source) => ("bucket" in source ? [source.bucket] : [])))];
}

/** A Worker's name and addresses. The files' top level has none of them, so that a command without -e finds no Worker to act on. */
export function placeOf({ settings, names }: Stage, role: "edge" | "consumer"): Table {
  const routes = routesOf(role === "edge" ? settings.edge : settings.control);
  const { account, workersDev = routes.length === 0 } = settings;
  return {
    name: names[role],
    ...(account === undefined ? {} : { account_id: account }),
    workers_dev: workersDev,
    // Routes are inherited: without a line of its own an environment would take another's.
    routes: routes.map(routeOf),
  };
}

function routeOf(route: Route): Table {
  return typeof route === "string"
    ? { pattern: route, custom_domain: true }
    : { pattern: route.pattern, zone_name: route.zone };
}

/** The consumer's variables. */
export function varsOf({ environment, settings, names }: Stage): Table {
  const { ledger } = jurisdictionsOf(settings);
  const edgeUrl = edgeUrlOf(settings);
  const controlUrl = addressOf(settings.control);
  return {
    ITTYBIT_API_URL: "https://api.ittybit.com",
    ...settings.vars,
    // The dashboard's badge, and the environment of every printed command.
    ...(environment === null ? {} : { ENVIRONMENT: environment }),
    // Private originals and the dashboard's links need it.
    ...(edgeUrl === null ? {} : { EDGE_URL: edgeUrl }),
    // Links in events need it.
    ...(controlUrl === null ? {} : { CONTROL_URL: controlUrl }),
    ...(settings.views === true ? { VIEWS_DATASET: names.views } : {}),
    ...(settings.location === undefined ? {} : { LEDGER_LOCATION: settings.location }),
    ...(ledger === undefined ? {} : { LEDGER_JURISDICTION: ledger }),
  };
}
