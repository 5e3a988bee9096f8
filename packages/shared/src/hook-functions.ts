/** A change of one image, as a mapper's function reports it (docs/hooks.md, native). One of `id` and `key` is needed. */
export interface HookItem {
  id?: string;
  /** Key in the originals' bucket, read backwards through the sources. */
  key?: string;
  v?: string | null;
  /** The original's version: another one than before makes the image's variants again. */
  sourceEtag?: string | null;
  recipe?: string | null;
  contentType?: string | null;
  /** What crops show: `[x, y]`, shares from 0 to 1; null takes the point back. */
  focal?: readonly [number, number] | null;
}

/** Items of one kind. `timestamp`: ISO 8601, or a number that grows; an older event overrides no newer one. */
export interface HookNews {
  type: "image.uploaded" | "image.deleted";
  timestamp?: string | number;
  data: { items: readonly HookItem[] };
}

/** A delivery whose proof is valid. */
export interface ProvenDelivery {
  /** The body as text; under `sns` the text of the message. */
  text: string;
  headers: Headers;
}

/**
 * Reads a hook's body: items that were uploaded, or events; an empty list ignores the delivery. `body` is the parsed JSON, undefined
 * where the text is none. An error, and what is neither, answers 503, so that the sender sends it again.
 */
export type MapHook = (
  body: unknown,
  delivery: ProvenDelivery,
) => readonly (HookItem | HookNews)[] | Promise<readonly (HookItem | HookNews)[]>;

/** A delivery before its proof is checked. */
export interface UnprovenDelivery {
  headers: Headers;
  /** The bytes as they came. */
  body: Uint8Array;
  url: string;
  /** Unix ms. */
  now: number;
}

/**
 * Checks who sends: null is no valid proof (401). `id` names the delivery where the sender signs an id: printable ASCII, at most 256
 * characters. `secrets` has the values of the verifier's `secrets`. An error answers 503.
 */
export type VerifyHook = (
  delivery: UnprovenDelivery,
  secrets: readonly string[],
) => { id: string | null } | null | Promise<{ id: string | null } | null>;
