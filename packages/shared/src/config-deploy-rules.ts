import type { Config } from "./config.ts";
import type { Fault } from "./config-hook-rules.ts";
import { type DeployConfig, type DeployNames, deployNames, hostOf, routesOf } from "./deploy.ts";
import { queueRole } from "./queue-role.ts";

/** Cloudflare's longest name of a Worker or a queue, in characters. */
const NAME_MAX = 63;
/** Bindings that are Prewarm's own, and therefore no source's bucket. */
const OWN_BINDINGS = [
  ...["IMAGES_BUCKET", "LIVE_QUEUE", "WORK_QUEUE", "UPLOADS_QUEUE", "DEAD_QUEUE", "LEDGER", "ASSETS", "VERSION"],
  ...["ENQUEUE_LIMIT", "UNKNOWN_LIMIT", "VIEWS"],
];

/** What the environments of `deploy` demand of the sources and of each other. */
export function deployFaults({ deploy, sources }: Config): Fault[] {
  return Object.entries(deploy).flatMap(([environment, settings]) => {
    const path = `deploy.${environment}`;
    if (!/^[a-z][a-z0-9-]{0,22}[a-z0-9]$/.test(environment) || environment === "local")
      return [{ path, mend: "name the environment with 2 to 24 lower-case letters, digits and -, and not local" }];
    return [
      ...nameFaults(path, deployNames(environment, settings)),
      ...bucketFaults(path, settings, sources),
      ...sharedFaults(environment, deploy),
    ];
  });
}

function nameFaults(path: string, names: DeployNames): Fault[] {
  const long = Object.values(names).filter((name) => name.length > NAME_MAX);
  const roles = (["live", "work", "uploads", "dead"] as const).filter((role) => queueRole(names[role]) !== role);
  const one = names.edge === names.consumer;
  return [
    ...(one ? [{ path, mend: `${names.edge} names both Workers: the second would replace the first` }] : []),
    ...long.map((name) => ({ path, mend: `${name} is longer than ${NAME_MAX} characters: shorten name` })),
    ...(roles.length === 0 ? [] : [{ path, mend: roleMend(roles.map((role) => names[role])) }]),
  ];
}

function roleMend(queues: readonly string[]): string {
  const each = "a queue's name has one word of live, work, uploads and dead, its own";
  return `${queues.join(", ")}: ${each}: write another name, or names`;
}

function bucketFaults(path: string, { buckets = {} }: DeployConfig, sources: Config["sources"]): Fault[] {
  const wanted = new Set(sources.flatMap((source) => ("bucket" in source ? [source.bucket] : [])));
  const missing = [...wanted].filter((binding) => buckets[binding] === undefined);
  const unused = Object.keys(buckets).filter((binding) => !wanted.has(binding));
  const own = Object.keys(buckets).filter((binding) => OWN_BINDINGS.includes(binding));
  return [
    ...missing.map((binding) => ({
      path: `${path}.buckets`,
      mend: `write ${binding}: "<name of the bucket>": a source names it`,
    })),
    ...unused.map((binding) => ({
      path: `${path}.buckets.${binding}`,
      mend: "no source names this bucket: leave it out",
    })),
    ...own.map((binding) => ({
      path: `${path}.buckets.${binding}`,
      mend: "this name is Prewarm's own: give the source's bucket another one",
    })),
  ];
}

/** An environment is a copy of its own: two that share a queue, a bucket or a host would work on each other's images. */
function sharedFaults(environment: string, deploy: Config["deploy"]): Fault[] {
  const path = `deploy.${environment}`;
  const mine = deploy[environment] ?? {};
  const hosts = [...patternsOf(mine.edge), ...patternsOf(mine.control)];
  const twice = hosts.filter((host, index) => hosts.indexOf(host) < index);
  const names = Object.keys(deploy);
  const shared = names.slice(0, names.indexOf(environment)).flatMap((other) => {
    const theirs = deploy[other] ?? {};
    const taken: string[] = [...patternsOf(theirs.edge), ...patternsOf(theirs.control)];
    const things = [...hosts];
    if (mine.account === theirs.account || !mine.account || !theirs.account) {
      taken.push(...Object.values(deployNames(other, theirs)));
      things.push(...Object.values(deployNames(environment, mine)));
    }
    const both = things.filter((thing) => taken.includes(thing));
    return both.map((thing) => ({ path, mend: `${thing} is deploy.${other}'s already: name another` }));
  });
  return [...twice.map((host) => ({ path, mend: `${host} is written twice: a host leads to one Worker` })), ...shared];
}

/** Two Workers may share a host by the paths of their routes. */
function patternsOf(routes: DeployConfig["edge"]): string[] {
  return routesOf(routes).map((route) => (typeof route === "string" ? hostOf(route) : route.pattern));
}
