// The baseline: Workers that make the platform calls of the edge in the edge's order, and none of its work. No reading of the URL, no
// conditions, no limits of time; headers are what a hand-written Worker would send.
interface Bindings {
  IMAGES_BUCKET: R2Bucket;
  LIVE_QUEUE: Queue;
}

type Handler = (key: string, env: Bindings, context: ExecutionContext) => Promise<Response>;

const HEADERS = { "Content-Type": "image/webp", "Cache-Control": "public, max-age=31536000, immutable" };
const REDIRECT = { Location: "https://cdn.example.com/originals/photo", "Cache-Control": "no-store" };

async function hit(key: string): Promise<Response> {
  const cached = await caches.default.match(`http://bare/images/${key}`);
  return new Response(cached?.body ?? null, { headers: HEADERS });
}

/** The headers of the edge's answer: what it costs to send them is no work of the edge. */
const AS_OURS = {
  ...HEADERS,
  "Accept-Ranges": "bytes",
  "Access-Control-Allow-Origin": "*",
  "Access-Control-Expose-Headers": "*",
  "Cache-Status": "edge; hit",
  "Content-Security-Policy": "default-src 'none'; sandbox",
  "Cross-Origin-Resource-Policy": "cross-origin",
  "Server-Timing": "cache;dur=0, edge;dur=0",
  "Timing-Allow-Origin": "*",
  "X-Content-Type-Options": "nosniff",
};

async function hitAsOurs(key: string): Promise<Response> {
  const cached = await caches.default.match(`http://bare/images/${key}`);
  const facts = {
    ETag: cached?.headers.get("ETag") ?? "",
    "Last-Modified": cached?.headers.get("Last-Modified") ?? "",
  };
  return new Response(cached?.body ?? null, { headers: { ...AS_OURS, ...facts } });
}

async function stored(key: string, env: Bindings, context: ExecutionContext): Promise<Response> {
  const url = `http://bare/images/${key}`;
  await caches.default.match(url);
  const object = await env.IMAGES_BUCKET.get(`variants/${key}`);
  if (object === null) return new Response(null, { status: 404 });
  const [forViewer, forCache] = object.body.tee();
  // What a copy must say to be served again: the same four headers as ours, for the cache's work grows with them.
  const facts = { ETag: object.httpEtag, "Last-Modified": object.uploaded.toUTCString() };
  const copy = new Response(forCache, {
    headers: { "Content-Type": "image/webp", "Cache-Control": "public, max-age=3600", ...facts },
  });
  context.waitUntil(caches.default.delete(`http://bare/.asked/${key}`));
  context.waitUntil(caches.default.put(url, copy));
  return new Response(forViewer, { headers: HEADERS });
}

async function coalesced(key: string, env: Bindings): Promise<Response> {
  await caches.default.match(`http://bare/images/${key}`);
  await env.IMAGES_BUCKET.get(`variants/${key}`);
  // What is known of the image: whether another variant is the same picture, and what its original weighs.
  await env.IMAGES_BUCKET.get("info/photo");
  return new Response(null, { status: 302, headers: REDIRECT });
}

async function first(key: string, env: Bindings, context: ExecutionContext): Promise<Response> {
  await coalesced(key, env);
  const marker = `http://bare/.asked/${key}`;
  await caches.default.match(marker);
  await Promise.all([env.IMAGES_BUCKET.get(`dead/${key}`), env.IMAGES_BUCKET.get("dead/photo/_")]);
  const sent = env.LIVE_QUEUE.send({ v: 1, keys: [key], lane: "live", at: Date.now() });
  context.waitUntil(caches.default.put(marker, new Response("asked", { headers: { "Cache-Control": "max-age=610" } })));
  await sent;
  return new Response(null, { status: 302, headers: REDIRECT });
}

const HANDLERS: Record<string, Handler> = { hit, "hit-as-ours": hitAsOurs, stored, coalesced, first };

export default {
  fetch(request, env, context) {
    const path = request.url.slice(request.url.indexOf("/", 8) + 1);
    const slash = path.indexOf("/");
    return HANDLERS[path.slice(0, slash)]?.(path.slice(slash + 1), env, context) ?? new Response(null, { status: 404 });
  },
} satisfies ExportedHandler<Bindings>;
