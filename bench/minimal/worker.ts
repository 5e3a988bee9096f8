// The baseline of a drain: a Worker of an hour's work. For each variant it POSTs a job, and once the job has ended it looks whether the variant
// is stored, fetches the result and puts it. Six connections, as the platform gives. No ledger, no check of the result.
import { createSemaphore } from "../../workers/consumer/src/platform/semaphore.ts";

interface Bindings {
  IMAGES_BUCKET: R2Bucket;
  ITTYBIT_API_URL: string;
  OUTPUTS_URL: string;
}

/** What one call drains. */
export interface MinimalOrder {
  variants: { key: string; input: string; width: number; format: string }[];
  /** How long after its POST a job has surely ended, ms. */
  endsAfterMs: number;
}

const CONNECTIONS = 6;
const TRIES = 20;
const AGAIN_MS = 100;
const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

async function post({ ITTYBIT_API_URL }: Bindings, variant: MinimalOrder["variants"][number]): Promise<string> {
  const { key, input, width, format } = variant;
  const headers = { authorization: "Bearer key", "content-type": "application/json", "idempotency-key": key };
  const body = JSON.stringify({ input, kind: "image", options: { width, format, quality: "high" } });
  const answer = await fetch(`${ITTYBIT_API_URL}/jobs`, { method: "POST", headers, body });
  return ((await answer.json()) as { id: string }).id;
}

/** False: the result is not there yet. */
async function store(env: Bindings, { key, format }: MinimalOrder["variants"][number], job: string): Promise<boolean> {
  if ((await env.IMAGES_BUCKET.head(key)) !== null) return true;
  const result = await fetch(`${env.OUTPUTS_URL}/org_local/${job}.${format === "jpeg" ? "jpg" : format}`);
  const bytes = await result.arrayBuffer();
  if (!result.ok) return false;
  await env.IMAGES_BUCKET.put(key, bytes, { httpMetadata: { contentType: `image/${format}` } });
  return true;
}

export default {
  async fetch(request, env) {
    const { variants, endsAfterMs } = (await request.json()) as MinimalOrder;
    const connections = createSemaphore(CONNECTIONS);
    await Promise.all(
      variants.map(async (variant) => {
        const job = await connections.run(() => post(env, variant));
        await sleep(endsAfterMs);
        for (let tries = 0; !(await connections.run(() => store(env, variant, job))); tries += 1) {
          if (tries === TRIES) throw new Error(`${variant.key} has no result`);
          await sleep(AGAIN_MS);
        }
      }),
    );
    return new Response(`${variants.length} stored`);
  },
} satisfies ExportedHandler<Bindings>;
