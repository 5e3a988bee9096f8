import * as z from "zod";
import { DEPLOY_VARS, JURISDICTIONS, LEDGER_PLACES } from "./deploy.ts";

/* The shape of `deploy` in prewarm.config.ts. What its environments demand of each other is in config-deploy-rules.ts. */

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
const plainName = z
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
      edge: plainName.optional(),
      consumer: plainName.optional(),
      bucket: bucketName.optional(),
      live: plainName.optional(),
      work: plainName.optional(),
      uploads: plainName.optional(),
      dead: plainName.optional(),
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

export const deploySchema = z.record(z.string(), environmentSchema);
