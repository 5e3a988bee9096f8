/**
 * The `Accept` of an `<img>` in today's browsers. Without it `f=auto` means JPEG. It is safelisted, so it causes no
 * preflight.
 */
const ACCEPT = "image/avif,image/webp,image/*,*/*;q=0.8";

/** Options for a script that asks for an image as a page does. A redirect to the original comes back opaque. */
export const AS_IMAGE = { mode: "cors", redirect: "manual", headers: { accept: ACCEPT } } as const;

/** Whether the variant is stored. Asks by HEAD, which orders no variant. */
export async function isWarm(url: string): Promise<boolean> {
  return isVariant(await fetch(url, { ...AS_IMAGE, method: "HEAD", cache: "no-store" }).catch(() => null));
}

/** Whether the answer is the variant: no opaque redirect, no refusal, and no stand-in, which is `private`. */
export function isVariant(response: Response | null): response is Response {
  return (
    response?.status === 200 && !response.redirected && !/private/.test(response.headers.get("cache-control") ?? "")
  );
}
