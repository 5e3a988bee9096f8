import { until } from "./stack.ts";

/** What an `<img>` of Chromium sends. */
export const ACCEPT = "image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8";

/**
 * Views images again and again until all are answered with their variant, or with an original that is shown as it is. Viewing, not looking: an order
 * that a busy machine has dropped is given again by the next view.
 */
export async function untilWarm(urls: readonly string[], accept = ACCEPT): Promise<void> {
  let cold = urls;
  const look = async () => {
    const warm = await Promise.all(cold.map((url) => isWarm(url, accept)));
    cold = cold.filter((_, n) => !warm[n]);
    return cold;
  };
  await until(`all of ${urls.length} variants are made`, look, (left) => left.length === 0);
}

async function isWarm(url: string, accept: string): Promise<boolean> {
  const response = await fetch(url, { redirect: "manual", headers: { accept } });
  await response.body?.cancel();
  // A redirect and what stands in meanwhile are private.
  return response.headers.get("cache-control")?.startsWith("public") ?? false;
}
