/** What an `<img>` of today's browsers sends; without it `f=auto` would speak of JPEG. Safelisted: it asks for no preflight. */
const ACCEPT = "image/avif,image/webp,image/*,*/*;q=0.8";

/** How a script may ask for an image as a page does. A redirect to the original comes back opaque. */
export const AS_IMAGE = { mode: "cors", redirect: "manual", headers: { accept: ACCEPT } } as const;

/** Whether the variant is there. HEAD, so that asking orders nothing. */
export async function isWarm(url: string): Promise<boolean> {
  return isVariant(await fetch(url, { ...AS_IMAGE, method: "HEAD", cache: "no-store" }).catch(() => null));
}

/** A variant of the edge's own; not the opaque sight of a redirect, not a refusal, and not what stands in meanwhile, which is `private`. */
export function isVariant(response: Response | null): response is Response {
  return (
    response?.status === 200 && !response.redirected && !/private/.test(response.headers.get("cache-control") ?? "")
  );
}
