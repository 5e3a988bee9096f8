import { createPrewarm, type Prewarm } from "../create-prewarm.ts";
import type { ClientOptions, ImageRef } from "../public-config.ts";
import { HookError, type HookEvent, type HookItem, type HookOptions, tellHook } from "./hook.ts";

/** Payload's plugin: announces uploads, replacements and deletions to the hook, and gives documents URLs of Prewarm. */

export interface PayloadOptions<C extends ClientOptions> {
  /** The output of `prewarm print client`, and `baseUrl`. */
  client: C;
  hook: HookOptions;
  /** The prefix of ids, such as `media/`, by the slug of a collection with `upload`. */
  collections: Readonly<Record<string, string>>;
}

/**
 * The field `prewarm` of a document with an image: a ref for `@prewarm/client`, and its URLs for readers without it.
 */
export type PayloadImage = ImageRef & { src: string; srcset: string };

/* The used part of Payload 3, because the package has no dependency. */
interface Doc {
  filename?: string | null;
  prefix?: string | null;
  mimeType?: string | null;
  width?: number | null;
  height?: number | null;
  prewarmVersion?: string | null;
  /** Percent of the width and of the height. */
  focalX?: number | null;
  focalY?: number | null;
}
interface Request {
  file?: { data?: Uint8Array };
  payload: {
    logger: { warn(text: string): void };
    jobs: { queue(job: { task: string; input: object; req: unknown }): Promise<unknown> };
  };
}
type Hooks = Record<string, readonly ((args: never) => unknown)[] | undefined>;
interface Collection {
  slug: string;
  fields: readonly unknown[];
  hooks?: object;
}
interface Config {
  collections?: readonly Collection[];
  jobs?: { tasks?: readonly unknown[] };
}

/** The slug of the task that repeats deliveries. */
const TASK = "prewarm";
/** Deliveries are repeated after a minute, then after twice the last pause: for 17 hours. */
const RETRIES = { attempts: 10, backoff: { type: "exponential", delay: 60_000 } };

/**
 * A plugin for `plugins`. Put it behind the one of your storage, because files must be stored before the hook learns of
 * them.
 */
export function prewarmPlugin<const C extends ClientOptions>(options: PayloadOptions<C>) {
  const prewarm = createPrewarm(options.client);
  return <T extends object>(config: T): T => {
    const { collections = [], jobs }: Config = config;
    const tasks = [...(jobs?.tasks ?? []), repeatTask(options.hook)];
    return {
      ...config,
      collections: collections.map((each) => {
        const prefix = options.collections[each.slug];
        return prefix === undefined ? each : withImages(each, prefix, prewarm, options.hook);
      }),
      jobs: { ...jobs, tasks },
    };
  };
}

function withImages<C>(collection: Collection, prefix: string, prewarm: Prewarm<C>, hook: HookOptions): Collection {
  const refOf = (doc: Doc | undefined): ImageRef | null => refIn(doc, prefix);
  const hooks = (collection.hooks ?? {}) as Hooks;
  return {
    ...collection,
    fields: [...collection.fields, versionField, imageField((doc) => imageOf(refOf(doc), prewarm))],
    hooks: {
      ...hooks,
      beforeChange: [...(hooks.beforeChange ?? []), nameVersion],
      afterChange: [
        ...(hooks.afterChange ?? []),
        async ({ doc, previousDoc, req }: { doc: Doc; previousDoc?: Doc; req: Request }) => {
          const [now, before] = [refOf(doc), refOf(previousDoc)];
          const [focal, past] = [focalOf(doc), now?.id === before?.id ? focalOf(previousDoc) : null];
          if (before !== null && before.id !== now?.id) await tell(hook, "image.deleted", { id: before.id }, req);
          if (now !== null && (now.id !== before?.id || now.v !== before.v || String(focal) !== String(past)))
            await tell(hook, "image.uploaded", { ...itemOf(now), ...((focal ?? past) && { focal }) }, req);
          return doc;
        },
      ],
      afterDelete: [
        ...(hooks.afterDelete ?? []),
        async ({ doc, req }: { doc: Doc; req: Request }) => {
          const ref = refOf(doc);
          if (ref !== null) await tell(hook, "image.deleted", { id: ref.id }, req);
          return doc;
        },
      ],
    },
  };
}

/** The version of a file, a hash of its bytes: a replaced file has new URLs, and old URLs keep the old picture. */
async function nameVersion({ data, req }: { data: Doc; req: Request }): Promise<Doc> {
  const bytes = req.file?.data;
  if (req.file === undefined) return data;
  // A file that the browser sent to the storage has no bytes here, so its version is the time.
  const isHere = bytes !== undefined && bytes.byteLength > 0;
  return { ...data, prewarmVersion: isHere ? await hashOf(bytes) : Date.now().toString(36) };
}

async function hashOf(bytes: Uint8Array): Promise<string> {
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", new Uint8Array(bytes)));
  return [...hash.subarray(0, 4)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

const hidden = { admin: { hidden: true } };
const versionField = { name: "prewarmVersion", type: "text", ...hidden };

function imageField(read: (doc: Doc) => PayloadImage | null) {
  const afterRead = [({ siblingData }: { siblingData: Doc }) => read(siblingData)];
  return { name: "prewarm", type: "json", virtual: true, ...hidden, hooks: { afterRead } };
}

function refIn(doc: Doc | undefined, prefix: string): ImageRef | null {
  if (!doc?.filename || !doc.mimeType?.startsWith("image/")) return null;
  const { filename, width, height, prewarmVersion } = doc;
  return {
    id: `${prefix}${doc.prefix ? `${doc.prefix}/` : ""}${filename}`,
    ...(prewarmVersion ? { v: prewarmVersion } : {}),
    ...(width && height ? { width, height } : {}),
  };
}

function imageOf<C>(ref: ImageRef | null, { imageUrl, srcset }: Prewarm<C>): PayloadImage | null {
  return ref && { ...ref, src: imageUrl(ref), srcset: srcset(ref) };
}

/** Null: the centre, which Payload writes for every upload. */
function focalOf({ focalX, focalY }: Doc = {}): readonly [number, number] | null {
  if (typeof focalX !== "number" || typeof focalY !== "number" || (focalX === 50 && focalY === 50)) return null;
  return [focalX / 100, focalY / 100];
}

function itemOf({ id, v }: ImageRef): HookItem {
  return v === undefined ? { id } : { id, v };
}

/**
 * Announces an event at once. If the hook does not take it, a job of Payload, in the transaction of the request,
 * repeats it under the same id.
 */
async function tell(hook: HookOptions, type: HookEvent["type"], item: HookItem, req: Request): Promise<void> {
  const [event, id]: [HookEvent, string] = [{ type, data: { items: [item] } }, crypto.randomUUID()];
  try {
    await tellHook(hook, event, id);
  } catch (error) {
    req.payload.logger.warn(`prewarm: ${type} of ${item.id} was not delivered: ${error}`);
    if (!(error instanceof HookError && error.isFinal))
      await req.payload.jobs.queue({ task: TASK, input: { event, id }, req });
  }
}

function repeatTask(hook: HookOptions) {
  return {
    slug: TASK,
    retries: RETRIES,
    inputSchema: [
      { name: "event", type: "json", required: true },
      { name: "id", type: "text", required: true },
    ],
    handler: async ({ input: { event, id } }: { input: { event: HookEvent; id: string } }) => {
      await tellHook(hook, event, id);
      return { output: {} };
    },
  };
}
