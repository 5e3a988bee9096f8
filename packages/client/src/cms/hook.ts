/** An item of the native hook: an uploaded or deleted image. */
export interface HookItem {
  id: string;
  /** The version that pages name in their URLs. */
  v?: string;
  /** The point that crops keep: shares of the width and of the height. Null takes it back; without it, it stays. */
  focal?: readonly [x: number, y: number] | null;
}

export interface HookEvent {
  type: "image.uploaded" | "image.deleted";
  data: { items: readonly HookItem[] };
}

export interface HookOptions {
  /** `https://<consumer>/hooks/<name>`: a hook with the verifier `standard-webhooks` and the mapper `native`. */
  url: string;
  /** `whsec_` and base64. It must not reach a browser. */
  secret: string;
  /** The longest time of one try, in ms. Default 5,000. */
  timeoutMs?: number;
}

/**
 * Announces an event to the hook, signed as Standard Webhooks. Throws unless the hook has taken it. `isFinal` of the
 * error: the hook would refuse the same event again. Repeat an event under the same `id`, so that Prewarm does the work
 * once.
 */
export async function tellHook(options: HookOptions, event: HookEvent, id: string): Promise<void> {
  const { url, secret, timeoutMs = 5_000 } = options;
  const body = JSON.stringify(event);
  const time = Math.floor(Date.now() / 1000);
  const headers = {
    "content-type": "application/json",
    "webhook-id": id,
    "webhook-timestamp": `${time}`,
    "webhook-signature": `v1,${await macOf(secret, `${id}.${time}.${body}`)}`,
  };
  const request = {
    method: "POST",
    body,
    headers,
    redirect: "manual",
    signal: AbortSignal.timeout(timeoutMs),
  } as const;
  const { status } = await fetch(url, request);
  if (status !== 202) throw new HookError(status);
}

/** The hook has answered and has not taken the event. */
export class HookError extends Error {
  override readonly name = "HookError";
  /** Whether the hook would refuse the same body again. */
  readonly isFinal: boolean;

  constructor(status: number) {
    super(`Prewarm's hook answers ${status}`);
    this.isFinal = [400, 413, 422].includes(status);
  }
}

async function macOf(secret: string, text: string): Promise<string> {
  const bytes = Uint8Array.from(atob(secret.replace(/^whsec_/, "")), (letter) => letter.charCodeAt(0));
  const key = await crypto.subtle.importKey("raw", bytes, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  const mac = await crypto.subtle.sign("HMAC", key, new TextEncoder().encode(text));
  return btoa(String.fromCharCode(...new Uint8Array(mac)));
}
