const LONGEST_MS = 60_000;

/** From the first request until the variant is there, ms. `lookMs`: the pause between two requests. Throws after a minute. */
export async function msUntilReady(url: string, lookMs: number, headers: Record<string, string> = {}): Promise<number> {
  const start = performance.now();
  for (;;) {
    const answer = await fetch(url, { redirect: "manual", headers });
    await answer.arrayBuffer();
    const took = performance.now() - start;
    if (answer.status === 200) return took;
    if (took > LONGEST_MS) throw new Error(`${url} was not made within a minute`);
    await new Promise((resolve) => setTimeout(resolve, lookMs));
  }
}
