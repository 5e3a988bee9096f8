import * as z from "zod";
import type { BucketTarget } from "./target.ts";
import { lookUp, must, type Wrangler } from "./wrangler.ts";

/** What the account holds, read anew each time: there is no file of our own that could be wrong about it. */

const ABSENT = {
  bucket: /\[code: 10006\]/,
  queue: /" does not exist\. To create it/,
  worker: /\[code: 10007\]|\) not found\.|has no deployments/,
};

/** An account that holds nothing, in wrangler's words. */
export const emptyAccount: Wrangler = async () => ({
  code: 1,
  stdout: "",
  stderr: '[code: 10006] [code: 10007] Queue "" does not exist. To create it',
});

/** The flags that name a Worker of an environment. */
export function named(file: string, env: string): string[] {
  return ["-c", file, "-e", env];
}

/** A bucket or a queue that exists. */
export interface Found {
  /** Objects of a bucket, as R2 counted them in the last day; producers and consumers of a queue. */
  uses: number;
  /** ISO 8601. */
  createdAt: string;
}

const BUCKET = z.object({ created: z.string(), object_count: z.string() });

export async function findBucket(wrangler: Wrangler, { name, flags }: BucketTarget): Promise<Found | null> {
  const text = await lookUp(wrangler, ["r2", "bucket", "info", name, "--json", ...flags], ABSENT.bucket);
  if (text === null) return null;
  const { created, object_count: objects } = BUCKET.parse(JSON.parse(text));
  // wrangler writes the number for people: 12,345.
  return { uses: Number(objects.replaceAll(/\D/g, "")), createdAt: created };
}

/** Whether a rule of the bucket is about this prefix and nothing wider. Without a bucket there is none. */
export async function hasLifecycleRule(
  wrangler: Wrangler,
  { name, flags }: BucketTarget,
  prefix: string,
): Promise<boolean> {
  const text = await lookUp(wrangler, ["r2", "bucket", "lifecycle", "list", name, ...flags], ABSENT.bucket);
  return (text ?? "").split("\n").some((line) => line.split(/^prefix:\s+/)[1]?.trim() === prefix);
}

/** With what the queue may not leave, or undefined. */
export async function findQueue(
  wrangler: Wrangler,
  queue: string,
): Promise<(Found & { jurisdiction: string | undefined }) | null> {
  const text = await lookUp(wrangler, ["queues", "info", queue], ABSENT.queue);
  if (text === null) return null;
  const numbers = [...text.matchAll(/^Number of (?:Producers|Consumers): (\d+)$/gm)].map(([, digits]) =>
    Number(digits),
  );
  const [, createdAt = ""] = /^Created On: (.*)$/m.exec(text) ?? [];
  const jurisdiction = /^Jurisdiction: (.*)$/m.exec(text)?.[1];
  return { uses: numbers.reduce((sum, one) => sum + one, 0), createdAt, jurisdiction };
}

const SECRETS = z.array(z.object({ name: z.string() }));

/** Names of a Worker's secrets; null: there is no such Worker. Their values cannot be read by anybody. */
export async function secretNames(wrangler: Wrangler, worker: readonly string[]): Promise<string[] | null> {
  const text = await lookUp(wrangler, ["secret", "list", "--format", "json", ...worker], ABSENT.worker);
  return text === null ? null : SECRETS.parse(JSON.parse(text)).map(({ name }) => name);
}

const BINDINGS = z.object({ resources: z.object({ bindings: z.array(z.object({ name: z.string() })).optional() }) });

/** The names of everything that a version was given: bindings, variables, secrets. */
export async function bindingsOf(wrangler: Wrangler, worker: readonly string[], version: string): Promise<string[]> {
  const text = await must(wrangler, { args: ["versions", "view", version, "--json", ...worker] });
  const { bindings = [] } = BINDINGS.parse(JSON.parse(text)).resources;
  return bindings.map(({ name }) => name);
}

/** A version of a Worker that could run. */
export interface Version {
  id: string;
  /** The commit, as `deploy` said it; empty: it was made by something else, such as a change of a secret. */
  tag: string;
  message: string;
  createdAt: string;
}

const DEPLOYMENT = z.object({ versions: z.array(z.object({ version_id: z.string() })).min(1) });
const VERSIONS = z.array(
  z.object({
    id: z.string(),
    metadata: z.object({ created_on: z.string() }),
    annotations: z.record(z.string(), z.string()).optional(),
  }),
);

/** The version that runs, or null, and the last ten, the newest first. */
export async function versionsOf(wrangler: Wrangler, worker: readonly string[]) {
  const status = await lookUp(wrangler, ["deployments", "status", "--json", ...worker], ABSENT.worker);
  if (status === null) return { running: null, versions: [] };
  const id = DEPLOYMENT.parse(JSON.parse(status)).versions[0]?.version_id;
  const listed = VERSIONS.parse(JSON.parse(await must(wrangler, { args: ["versions", "list", "--json", ...worker] })));
  const versions = listed
    .map(({ id, metadata, annotations = {} }): Version => {
      const { "workers/tag": tag = "", "workers/message": message = "" } = annotations;
      return { id, tag, message, createdAt: metadata.created_on };
    })
    .sort((a, b) => b.createdAt.localeCompare(a.createdAt));
  return { running: versions.find((version) => version.id === id) ?? null, versions };
}
