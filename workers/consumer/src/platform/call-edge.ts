import { errorText } from "@prewarm/shared/log";

/**
 * Tells the edge that its cache has a purge to make. Any address of the edge will do, because all of them are one Worker. `urls`: of its images.
 * Answers the fault of the last one, if none answers as it should. Never throws.
 */
export async function callEdge(urls: readonly string[], fetch: typeof globalThis.fetch): Promise<string | null> {
  let fault = "No address of the edge is known: set EDGE_URL.";
  for (const url of urls) {
    try {
      const { status } = await fetch(url, { method: "POST", redirect: "manual" });
      if (status === 204) return null;
      fault = `${url} answered ${status}: is the edge deployed with edgeCache "workers"?`;
    } catch (error) {
      fault = `${url} did not answer: ${errorText(error)}`;
    }
  }
  return fault;
}
