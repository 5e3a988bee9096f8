import * as z from "zod";
import { type HookConfig, secretNames, type VerifierConfig } from "./config.ts";
import type { MapHook, VerifyHook } from "./hook-functions.ts";
import { type Fault, integer, ownFunction, plainName, rule, secrets } from "./schema-parts.ts";
import { TOPIC_ARN } from "./sns-topic.ts";

/* `hooks` of prewarm.config.ts. */

const headerName = z.string().regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/, "write a header's name, such as x-signature");
const topicArn = z
  .string()
  .regex(TOPIC_ARN, "write the ARN of a standard topic, such as arn:aws:sns:eu-central-1:123456789012:uploads");
const serviceAccount = z
  .string()
  .regex(
    /^[a-z0-9.-]+@[a-z0-9.-]+$/,
    "write a service account's address, such as pubsub@my-project.iam.gserviceaccount.com",
  );
const buckets = z.array(z.string().min(1, "write a bucket's name")).optional();
const jsonPath = z.string().min(1, "write a path such as $.records[*]").optional();

type Hmac = Extract<VerifierConfig, { kind: "hmac" }>;

const hmac = z
  .strictObject({
    kind: z.literal("hmac"),
    secrets,
    header: headerName,
    algorithm: z.enum(["SHA-1", "SHA-256", "SHA-512"]).optional(),
    encoding: z.enum(["hex", "base64", "base64url"]).optional(),
    prefix: z.string().optional(),
    template: z.string().optional(),
    timestampHeader: headerName.optional(),
    idHeader: headerName.optional(),
  })
  .superRefine(rule((verifier: Hmac) => templateMends(verifier).map((mend) => ({ path: ["template"], mend }))));

const verifier = z.discriminatedUnion(
  "kind",
  [
    z.strictObject({ kind: z.literal("standard-webhooks"), secrets }),
    z.strictObject({ kind: z.literal("function"), verify: ownFunction<VerifyHook>(), secrets: secrets.optional() }),
    hmac,
    z.strictObject({ kind: z.literal("bearer"), secrets, header: headerName.optional() }),
    z.strictObject({
      kind: z.literal("sns"),
      topics: z.array(topicArn).min(1, "name at least one topic").max(20, "name at most 20 topics"),
      confirm: z.boolean("write true or false").optional(),
    }),
    z.strictObject({
      kind: z.literal("google-oidc"),
      emails: z.array(serviceAccount).min(1, "name at least one service account").max(20, "name at most 20"),
      audience: z.string().min(1, "write the audience of the push subscription, or leave it out").optional(),
    }),
  ],
  "set kind to standard-webhooks, hmac, bearer, sns, google-oidc or function",
);

/** What a hook's secrets entitle to. */
const mayDo = z
  .array(z.enum(["upload", "delete"], "write upload, delete, or both"))
  .min(1, "name upload, delete, or both");

const mapper = z.discriminatedUnion(
  "kind",
  [
    z.strictObject({ kind: z.literal("function"), map: ownFunction<MapHook>() }),
    z.strictObject({ kind: z.literal("native") }),
    z.strictObject({ kind: z.literal("s3"), buckets }),
    z.strictObject({ kind: z.literal("r2"), buckets }),
    z.strictObject({ kind: z.literal("gcs-pubsub"), buckets }),
    z
      .strictObject({
        kind: z.literal("json-path"),
        items: jsonPath,
        id: jsonPath,
        key: jsonPath,
        v: jsonPath,
        sourceEtag: jsonPath,
        event: jsonPath,
        uploadValues: z.array(z.string()).optional(),
        deleteValues: z.array(z.string()).optional(),
        order: jsonPath,
        contentType: jsonPath,
        focal: jsonPath,
      })
      .refine(({ id, key }) => id !== undefined || key !== undefined, {
        error: "say where the image stands in the body: id or key",
      }),
  ],
  "set kind to native, s3, r2, gcs-pubsub, json-path or function",
);

export const hooksSchema = z
  .record(
    plainName,
    z.strictObject({
      verifier,
      mapper,
      recipe: z.string().optional(),
      may: mayDo.optional(),
      jobsPerDay: integer(1, 10_000_000).optional(),
    }),
  )
  .superRefine(rule(sharedProofs));

function templateMends({ template = "{body}", timestampHeader, idHeader }: Hmac): string[] {
  const mends: string[] = [];
  if (!template.includes("{body}")) mends.push("put {body} into it: what is not signed proves nothing");
  if (template.includes("{timestamp}") && timestampHeader === undefined)
    mends.push("{timestamp} needs timestampHeader");
  if (timestampHeader !== undefined && !template.includes("{timestamp}"))
    mends.push("put {timestamp} into it: a time that is not signed can be renewed with an old body");
  if (template.includes("{id}") && idHeader === undefined) mends.push("{id} needs idHeader");
  const touching = TOUCHING.exec(template)?.[0].replace("}{", "} and {");
  if (touching !== undefined)
    mends.push(
      `write a separator between ${touching}: the end of one could be sent as the beginning of the other, under the same signature`,
    );
  return mends;
}

/**
 * An id beside another hole. The others may touch: JSON of an object or a list neither begins nor ends with a digit and a time is digits only, and
 * no sender chooses the secret (Cloudinary signs `{body}{timestamp}{secret}`).
 */
const TOUCHING = /\{id\}\{(?:timestamp|body)\}|\{(?:timestamp|body)\}\{id\}/;

/** Why two hooks must not have one secret, and what to do. */
export const SHARED_SECRET =
  "a delivery to one of them could be sent to the other, past its may: give each hook a secret of its own";

const SHARED_PROOF = "a delivery to one of them could be sent to the other, past its may: name it in one hook only";

/** What proves a delivery to a hook, and names no hook itself: field of the verifier, value, and what the value is. */
function proofsOf(verifier: VerifierConfig): [field: string, value: string, what: string][] {
  const named = secretNames(verifier).map((name): [string, string, string] => ["secrets", name, "a secret"]);
  if (verifier.kind === "sns") return verifier.topics.map((topic) => ["topics", topic, "a topic"]);
  // Without an audience the token names the hook's own address.
  if (verifier.kind === "google-oidc" && verifier.audience !== undefined)
    return [["audience", verifier.audience, "the audience"]];
  return named;
}

function sharedProofs(hooks: Readonly<Record<string, HookConfig>>): Fault[] {
  const first = new Map<string, string>();
  const faults: Fault[] = [];
  for (const [hook, { verifier }] of Object.entries(hooks))
    for (const [field, value, what] of proofsOf(verifier)) {
      const other = first.get(`${field} ${value}`);
      if (other === undefined) first.set(`${field} ${value}`, hook);
      else if (other !== hook)
        faults.push({
          path: [hook, "verifier", field],
          mend: `${value} is ${what} of hooks.${other} too: ${field === "secrets" ? SHARED_SECRET : SHARED_PROOF}`,
        });
    }
  return faults;
}
