import { createPrewarm } from "../create-prewarm.ts";
import type { ClientOptions } from "../public-config.ts";
import { HookError, type HookEvent, type HookOptions, tellHook } from "./hook.ts";

/**
 * A storage of EmDash that announces its images to the hook, and shows them by the URLs of Prewarm. EmDash calls its
 * storage for each upload and deletion, and its plugins only for some uploads.
 */

export interface EmDashOptions {
  /** The output of `prewarm print client`, and `baseUrl`. */
  client: ClientOptions;
  hook: HookOptions;
}

/* The used part of EmDash's types, because the package has no dependency. */
export interface EmDashStorage {
  upload(file: { key: string; body: Uint8Array; contentType: string }): Promise<unknown>;
  download(key: string): Promise<{ body: ReadableStream<Uint8Array> }>;
  delete(key: string): Promise<void>;
  list(options: { prefix: string }): Promise<{ files: readonly { key: string }[] }>;
  getSignedUploadUrl(options: { key: string; contentType: string }): Promise<unknown>;
  getPublicUrl(key: string): string;
}

/** Keys of media have no folder. Backups and plugins are in folders of the same storage. */
const IMAGE = /^[^/]+\.(avif|bmp|gif|heic|heif|jpe?g|png|tiff?|webp)$/i;
/** The prefix of keys of deliveries that the hook has not taken yet. */
const KEPT = "prewarm/delivery-";

/** Extends the storage, so that its other methods stay. Call it in a file of yours that exports `createStorage`. */
export function prewarmStorage<S extends EmDashStorage>(storage: S, { client, hook }: EmDashOptions): S {
  const { og } = createPrewarm(client);
  const [upload, remove] = [storage.upload.bind(storage), storage.delete.bind(storage)];
  const showOther = storage.getPublicUrl.bind(storage);

  /** Stores a delivery before its first try, because the process may end at any time. Earlier ones go first. */
  async function announce(type: HookEvent["type"], id: string): Promise<void> {
    const event: HookEvent = { type, data: { items: [{ id }] } };
    const body = new TextEncoder().encode(JSON.stringify(event));
    const key = `${KEPT}${Date.now()}-${crypto.randomUUID()}.json`;
    await upload({ key, body, contentType: "application/json" });
    const { files } = await storage.list({ prefix: KEPT });
    for (const each of files.map(({ key }) => key).sort()) if (!(await deliver(each))) return;
  }

  /** Whether the delivery needs no other try. */
  async function deliver(key: string): Promise<boolean> {
    // Another upload may have sent it.
    const kept = await storage.download(key).catch(() => null);
    if (kept === null) return true;
    const text = await new Response(kept.body).text();
    try {
      await tellHook(hook, JSON.parse(text), key.slice(KEPT.length, -".json".length));
    } catch (error) {
      console.warn(`prewarm: ${text} was not delivered: ${error}`);
      const isFinal = error instanceof HookError ? error.isFinal : error instanceof SyntaxError;
      if (!isFinal) return false;
    }
    await remove(key);
    return true;
  }

  return Object.assign(storage, {
    async upload(file: Parameters<S["upload"]>[0]) {
      const stored = await upload(file);
      if (IMAGE.test(file.key)) await announce("image.uploaded", file.key);
      return stored;
    },
    async delete(key: string) {
      await remove(key);
      if (IMAGE.test(key)) await announce("image.deleted", key);
    },
    /** Refuses, so that every upload passes through the server, which announces it. */
    getSignedUploadUrl: () => Promise.reject(Object.assign(new Error("uploads pass through EmDash"), NOT_SUPPORTED)),
    /** The URL of a JPEG. EmDash's components give it to Astro, and drop the srcset if Astro returns the same URL. */
    getPublicUrl: (key: string) => (IMAGE.test(key) ? og(key) : showOther(key)),
  });
}

const NOT_SUPPORTED = { code: "NOT_SUPPORTED" };
