import * as z from "zod";
import type { Config } from "./config.ts";
import {
  DEPLOY_VARS,
  type DeployConfig,
  type DeployNames,
  deployNames,
  hostOf,
  JURISDICTIONS,
  LEDGER_PLACES,
  routesOf,
} from "./deploy.ts";
import { queueRole } from "./queue-role.ts";
import { type Fault, rule } from "./schema-parts.ts";

/* `deploy` of prewarm.config.ts. */

const host = z
  .string()
  .max(253, "write at most 253 characters")
  .regex(/^[a-z0-9-]+(\.[a-z0-9-]+)+$/, "write a host in lower case and nothing else, such as images.example.com");
const route = z.union([host, z.strictObject({ pattern: z.string().regex(/^[a-z0-9*.-]+(\/\S*)?$/), zone: host })]);
const routes = z
  .union(
    [route, z.array(route).min(1).max(10)],
    'write a host such as "images.example.com", { pattern: "example.com/images/*", zone: "example.com" }, or up to 10 of such',
  )
  .optional();

/** A Worker's and a queue's name. */
const workerName = z
  .string()
  .regex(/^[a-z0-9][a-z0-9_-]{1,61}[a-z0-9]$/, "write 3 to 63 lower-case letters, digits, - and _");
const bucketName = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$/, "write 3 to 63 lower-case letters, digits and -");
const dataset = z.string().regex(/^[a-z_][a-z0-9_]{0,62}$/, "write at most 63 lower-case letters, digits and _");
const jurisdiction = z.enum(JURISDICTIONS, `write one of ${JURISDICTIONS.join(", ")}`);
const { LEDGER_JURISDICTION, LEDGER_LOCATION } = LEDGER_PLACES;
const destinations = z.array(z.string().min(1, "write a destination's name")).max(10, "name at most 10").optional();

export const environmentSchema = z.strictObject({
  edge: routes,
  edgeUrl: z
    .url({ protocol: /^https$/, error: "write the edge's https address, such as https://images.example.com" })
    .optional(),
  control: routes,
  workersDev: z.boolean("write true or false").optional(),
  name: z
    .string()
    .regex(/^[a-z][a-z0-9-]{0,23}$/, "write at most 24 lower-case letters, digits and -, a letter first")
    .optional(),
  names: z
    .strictObject({
      edge: workerName.optional(),
      consumer: workerName.optional(),
      bucket: bucketName.optional(),
      live: workerName.optional(),
      work: workerName.optional(),
      uploads: workerName.optional(),
      dead: workerName.optional(),
      views: dataset.optional(),
    })
    .optional(),
  buckets: z
    .record(
      z.string(),
      z.union(
        [bucketName, z.strictObject({ name: bucketName, jurisdiction: jurisdiction.optional() })],
        'write a bucket\'s name, or { name: "photos", jurisdiction: "eu" }',
      ),
    )
    .optional(),
  jurisdiction: z
    .union(
      [
        jurisdiction,
        z.strictObject({ bucket: jurisdiction.optional(), ledger: z.enum(LEDGER_JURISDICTION).optional() }),
      ],
      `write one of ${JURISDICTIONS.join(", ")}, or { bucket, ledger } with one of ${LEDGER_JURISDICTION.join(", ")} for the ledger`,
    )
    .optional(),
  location: z.enum(LEDGER_LOCATION, `write one of ${LEDGER_LOCATION.join(", ")}`).optional(),
  views: z.boolean("write true or false").optional(),
  traceSampling: z.number("write a number from 0 to 1").min(0, "write 0 or more").max(1, "write 1 or less").optional(),
  destinations: z.strictObject({ logs: destinations, traces: destinations }).optional(),
  vars: z
    .partialRecord(z.enum(DEPLOY_VARS), z.string("write a text").min(1, "write a value, or leave it out"))
    .optional(),
  account: z
    .string()
    .regex(/^[0-9a-f]{32}$/, "write the account's id: 32 hexadecimal digits")
    .optional(),
});

const environmentName = z.string().refine((name) => /^[a-z][a-z0-9-]{0,22}[a-z0-9]$/.test(name) && name !== "local", {
  error: "name the environment with 2 to 24 lower-case letters, digits and -, and not local",
});

export const deploySchema = z.record(environmentName, environmentSchema).superRefine(
  rule((deploy: Config["deploy"]) =>
    Object.entries(deploy).flatMap(([environment, settings]) =>
      [...nameMends(deployNames(environment, settings)), ...sharedMends(environment, deploy)].map((mend) => ({
        path: [environment],
        mend,
      })),
    ),
  ),
);

/** Cloudflare's longest name of a Worker or a queue, in characters. */
const NAME_MAX = 63;
/** Bindings that are Prewarm's own, and therefore no source's bucket. */
const OWN_BINDINGS = [
  ...["IMAGES_BUCKET", "LIVE_QUEUE", "WORK_QUEUE", "UPLOADS_QUEUE", "DEAD_QUEUE", "LEDGER", "ASSETS", "VERSION"],
  ...["ENQUEUE_LIMIT", "UNKNOWN_LIMIT", "VIEWS"],
];

function nameMends(names: DeployNames): string[] {
  const long = Object.values(names).filter((name) => name.length > NAME_MAX);
  const roles = (["live", "work", "uploads", "dead"] as const).filter((role) => queueRole(names[role]) !== role);
  const one = names.edge === names.consumer;
  return [
    ...(one ? [`${names.edge} names both Workers: the second would replace the first`] : []),
    ...long.map((name) => `${name} is longer than ${NAME_MAX} characters: shorten name`),
    ...(roles.length === 0 ? [] : [roleMend(roles.map((role) => names[role]))]),
  ];
}

function roleMend(queues: readonly string[]): string {
  const each = "a queue's name has one word of live, work, uploads and dead, its own";
  return `${queues.join(", ")}: ${each}: write another name, or names`;
}

/** An environment is a copy of its own: two that share a queue, a bucket or a host would work on each other's images. */
function sharedMends(environment: string, deploy: Config["deploy"]): string[] {
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
    return both.map((thing) => `${thing} is deploy.${other}'s already: name another`);
  });
  return [...twice.map((host) => `${host} is written twice: a host leads to one Worker`), ...shared];
}

/** Two Workers may share a host by the paths of their routes. */
function patternsOf(routes: DeployConfig["edge"]): string[] {
  return routesOf(routes).map((route) => (typeof route === "string" ? hostOf(route) : route.pattern));
}

/** Buckets of an environment that sources lack, and buckets that no source names. Paths begin at `deploy`. */
export function bucketFaults(deploy: Config["deploy"], sources: Config["sources"]): Fault[] {
  const wanted = new Set(sources.flatMap((source) => ("bucket" in source ? [source.bucket] : [])));
  return Object.entries(deploy).flatMap(([environment, { buckets = {} }]): Fault[] => {
    const path = ["deploy", environment, "buckets"];
    const [missing, given] = [[...wanted].filter((binding) => buckets[binding] === undefined), Object.keys(buckets)];
    const unused = given.filter((binding) => !wanted.has(binding));
    const own = given.filter((binding) => OWN_BINDINGS.includes(binding));
    const [leave, rename] = [
      "no source names this bucket: leave it out",
      "this name is Prewarm's own: give the source's bucket another one",
    ];
    return [
      ...missing.map((binding) => ({ path, mend: `write ${binding}: "<name of the bucket>": a source names it` })),
      ...unused.map((binding) => ({ path: [...path, binding], mend: leave })),
      ...own.map((binding) => ({ path: [...path, binding], mend: rename })),
    ];
  });
}
