// The Worker that most write first: what is not stored is made while its viewer waits. It asks Ittybit, looks for the job's end, keeps the
// result and sends it.
interface Bindings {
  IMAGES_BUCKET: R2Bucket;
  ITTYBIT_API_URL: string;
  ORIGINALS_URL: string;
}

interface Job {
  id: string;
  status: string;
  output: string;
}

const HEADERS = { "Content-Type": "image/webp", "Cache-Control": "public, max-age=31536000, immutable" };
const LOOK_MS = 100;

async function ask(env: Bindings, path: string, init?: RequestInit): Promise<Job> {
  const headers = { authorization: "Bearer key", "content-type": "application/json" };
  return (await fetch(`${env.ITTYBIT_API_URL}${path}`, { ...init, headers })).json();
}

async function make(env: Bindings, id: string): Promise<ArrayBuffer> {
  const options = { width: 800, format: "webp", quality: "high" };
  const body = JSON.stringify({ input: `${env.ORIGINALS_URL}/${id}`, kind: "image", options });
  let job = await ask(env, "/jobs", { method: "POST", body });
  while (job.status !== "succeeded") {
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    job = await ask(env, `/jobs/${job.id}`);
  }
  return (await fetch(job.output)).arrayBuffer();
}

export default {
  async fetch(request, env) {
    const id = new URL(request.url).pathname.slice(1);
    const key = `waiting/${id}`;
    const stored = await env.IMAGES_BUCKET.get(key);
    if (stored !== null) return new Response(stored.body, { headers: HEADERS });
    const bytes = await make(env, id);
    await env.IMAGES_BUCKET.put(key, bytes);
    return new Response(bytes, { headers: HEADERS });
  },
} satisfies ExportedHandler<Bindings>;
