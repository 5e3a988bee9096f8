import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";

/** A Worker as the account holds it. */
interface Script {
  secrets: Set<string>;
  /** The newest first, as the API lists them. */
  versions: Version[];
  /** The id of the version that runs. */
  running: string | null;
}

interface Version {
  id: string;
  /** When it was made, as the API says it. */
  at: string;
  annotations: Record<string, string>;
  /** Names of what its upload bound. */
  bindings?: { name: string; type: string }[];
}

interface Answer {
  status?: number;
  result?: unknown;
  error?: { code: number; message: string };
  /** GraphQL's. */
  data?: unknown;
}

const NOT_FOUND = { bucket: 10006, script: 10007, queue: 10109 };

/** As much of Cloudflare's API, v4, as wrangler asks for on the way to an environment and back; in memory. */
export class FakeCloudflare {
  readonly buckets = new Map<string, { rules: unknown[]; objects: number }>();
  readonly queues = new Map<string, { settings: unknown; producers?: number; jurisdiction?: string }>();
  readonly scripts = new Map<string, Script>();
  /** Every call that changed something, as `METHOD path`. */
  readonly changes: string[] = [];
  readonly unknown: string[] = [];
  #uploads = 0;

  script(name: string): Script {
    const script = this.scripts.get(name) ?? { secrets: new Set(), versions: [], running: null };
    this.scripts.set(name, script);
    return script;
  }

  deployed(name: string, id: string, tag: string, message: string, n: number): void {
    const script = this.script(name);
    const at = timeOf(n);
    script.versions.unshift({ id, at, annotations: { "workers/tag": tag, "workers/message": message } });
    script.running = id;
  }

  answer(method: string, path: string, body: string): Answer {
    const [, kind = "", name = "", part = "", rest = ""] =
      /^\/accounts\/[^/]+\/(r2\/buckets|queues|workers\/(?:scripts|services|workers))(?:\/([^/?]+))?(?:\/([\w-]+))?(?:\/([\w-]+))?/.exec(
        path,
      ) ?? [];
    if (kind === "r2/buckets") return this.#bucket(method, name, part, body);
    if (kind === "queues") return this.#queue(method, name, path, body);
    if (kind === "workers/scripts") return this.#script(method, name, part, rest, body);
    // What wrangler looks through before it deletes a Worker.
    if (/\/(durable_objects|kv)\/namespaces\?/.test(path)) return { result: [] };
    if (path === "/graphql") return { data: this.#objects(body) };
    if (path.endsWith("/workers/subdomain")) return { result: { subdomain: "example" } };
    if (kind === "workers/workers")
      return { result: { id: name, name, subdomain: { enabled: true, previews_enabled: false } } };
    if (kind === "workers/services") return this.#service(method, name);
    this.unknown.push(`${method} ${path}`);
    return { status: 404, error: { code: 7003, message: `no such path: ${method} ${path}` } };
  }

  #bucket(method: string, name: string, part: string, body: string): Answer {
    if (method === "POST") {
      const { name: made } = JSON.parse(body);
      this.buckets.set(made, { rules: [], objects: 0 });
      return { result: { name: made } };
    }
    const bucket = this.buckets.get(name);
    if (bucket === undefined)
      return { status: 404, error: { code: NOT_FOUND.bucket, message: "The specified bucket does not exist." } };
    if (part === "lifecycle" && method === "PUT") bucket.rules = JSON.parse(body).rules;
    if (part === "lifecycle") return { result: { rules: bucket.rules } };
    if (method === "DELETE" && bucket.objects > 0)
      return { status: 409, error: { code: 10008, message: "The bucket you tried to delete is not empty." } };
    if (method === "DELETE") this.buckets.delete(name);
    return { result: { name, creation_date: "2026-11-01T00:00:00Z", location: "WEUR", storage_class: "Standard" } };
  }

  /** The metrics of the bucket that is asked about. */
  #objects(body: string): unknown {
    const { bucketName } = JSON.parse(body).variables?.filter ?? {};
    const max = { objectCount: this.buckets.get(bucketName)?.objects ?? 0, payloadSize: 0, metadataSize: 0 };
    return { viewer: { accounts: [{ r2StorageAdaptiveGroups: [{ max, dimensions: { datetime: CREATED } }] }] } };
  }

  #queue(method: string, id: string, path: string, body: string): Answer {
    if (method === "POST" && id === "") {
      const { queue_name, settings, jurisdiction } = JSON.parse(body);
      this.queues.set(queue_name, { settings, jurisdiction });
    }
    if (method === "DELETE") this.queues.delete(id);
    const asked = new URLSearchParams(path.split("?")[1]).get("name");
    const found = [...this.queues.keys()].filter((name) => asked === null || name === asked);
    const list = found.map((queue_name) => ({
      queue_id: queue_name,
      queue_name,
      jurisdiction: this.queues.get(queue_name)?.jurisdiction,
      created_on: CREATED,
      producers_total_count: this.queues.get(queue_name)?.producers ?? 0,
      consumers_total_count: 0,
      producers: Array(this.queues.get(queue_name)?.producers ?? 0).fill({ type: "worker", script: "another" }),
      consumers: [],
    }));
    return { result: method === "GET" && id === "" ? list : list[0] };
  }

  #service(method: string, name: string): Answer {
    if (method === "DELETE") this.scripts.delete(name);
    else if (!this.scripts.has(name)) return { status: 404, error: { code: 10090, message: "service_not_found" } };
    return {
      result: { default_environment: { environment: "production", script: { last_deployed_from: "wrangler" } } },
    };
  }

  #script(method: string, name: string, part: string, rest: string, body: string): Answer {
    if (name === "") return { result: [...this.scripts.keys()].map((id) => ({ id })) };
    if (method === "PUT" && part === "") this.#upload(name, body);
    const script = this.scripts.get(name);
    if (script === undefined)
      return { status: 404, error: { code: NOT_FOUND.script, message: "This Worker does not exist on your account." } };
    if (part === "assets-upload-session") return { result: { jwt: "a.b.c", buckets: [] } };
    if (part === "secrets-bulk")
      for (const key of Object.keys(JSON.parse(body).secrets ?? JSON.parse(body))) script.secrets.add(key);
    if (part === "secrets" || part === "secrets-bulk")
      return { result: [...script.secrets].map((key) => ({ name: key, type: "secret_text" })) };
    // A later upload makes a version, and a deployment runs it.
    if (part === "versions" && method === "POST") return { result: withDetails(this.#addVersion(script, body)) };
    if (part === "versions" && rest !== "")
      return { result: withDetails(script.versions.find(({ id }) => id === rest)) };
    if (part === "versions") return { result: { items: script.versions.map(withDetails) } };
    if (part === "deployments") {
      if (method === "POST") script.running = JSON.parse(body).versions[0].version_id;
      const versions = [{ version_id: script.running, percentage: 100 }];
      const deployment = {
        id: "d",
        source: "wrangler",
        strategy: "percentage",
        created_on: CREATED,
        author_email: "a@example.com",
        versions,
      };
      return { result: { deployments: script.running === null ? [] : [deployment] } };
    }
    return { result: { id: script.running, deployment_id: script.running, enabled: true, bindings: [] } };
  }

  /** A Worker's first upload runs at once. Without a tag it is the empty Worker that holds secrets before the first deploy. */
  #upload(name: string, body: string): void {
    const script = this.script(name);
    if (annotationIn(body, "tag") !== "") script.running = this.#addVersion(script, body).id;
  }

  #addVersion(script: Script, body: string): Version {
    this.#uploads += 1;
    const id = `00000000-0000-0000-0000-${String(this.#uploads).padStart(12, "0")}`;
    const annotations = { "workers/tag": annotationIn(body, "tag"), "workers/message": annotationIn(body, "message") };
    const version = { id, at: timeOf(this.#uploads), annotations, bindings: bindingsIn(body) };
    script.versions.unshift(version);
    return version;
  }
}

function annotationIn(body: string, key: string): string {
  return new RegExp(`"workers/${key}":"([^"]*)"`).exec(body)?.[1] ?? "";
}

/** Of the part `metadata` of an upload. */
function bindingsIn(body: string): { name: string; type: string }[] {
  const [, metadata] = /name="metadata"[^{]*(\{.*\})\r?\n--/.exec(body) ?? [];
  return metadata === undefined ? [] : (JSON.parse(metadata).bindings ?? []);
}

function timeOf(n: number): string {
  return new Date(Date.UTC(2026, 10, 20) + n * 60_000).toISOString();
}

const CREATED = "2026-11-20T10:00:00.000Z";

function withDetails(version: Version | undefined) {
  if (version === undefined) return null;
  const metadata = {
    created_on: version.at,
    modified_on: version.at,
    author_email: "a@example.com",
    source: "wrangler",
  };
  return {
    ...version,
    number: 1,
    metadata,
    resources: { script: {}, script_runtime: {}, bindings: version.bindings ?? [] },
  };
}

/** Serves it on a free port of this machine. */
export async function serveFakeCloudflare(cloudflare: FakeCloudflare): Promise<{ url: string; close(): void }> {
  const server: Server = createServer(async (request, response) => {
    const body = await textOf(request);
    const path = request.url ?? "";
    const method = request.method ?? "GET";
    const { status = 200, result = null, error, data } = cloudflare.answer(method, path, body);
    if (method !== "GET" && error === undefined) {
      cloudflare.changes.push(`${method} ${path}`);
    }
    response.writeHead(status, { "content-type": "application/json" });
    response.end(
      JSON.stringify({ success: error === undefined, errors: error ? [error] : [], messages: [], result, data }),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, close: () => server.close() };
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString("utf8");
}
