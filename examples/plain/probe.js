/** Whether the variant is there. HEAD orders nothing; a cold image comes back as an opaque redirect, whose `ok` is false. */
export async function isWarm(url) {
  const headers = { accept: "image/avif,image/webp,image/*,*/*;q=0.8" };
  const answer = await fetch(url, { method: "HEAD", redirect: "manual", headers, cache: "no-store" });
  // What stands in until the variant is there is private.
  return answer.ok && !answer.headers.get("cache-control")?.includes("private");
}
