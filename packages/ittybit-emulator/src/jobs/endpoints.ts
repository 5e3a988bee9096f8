import { createId, type EmulatorClock } from "../clock.ts";
import { invalidRequest } from "../errors.ts";
import type { Settings } from "../settings.ts";
import { isRecord, parseWebhookUrl } from "./job-request.ts";

const TOPICS = ["created", "updated", "succeeded", "failed"].flatMap((event) => [`task.${event}`, `run.${event}`]);

interface Endpoint {
  id: string;
  object: "webhook_endpoint";
  url: string;
  topics: string[];
  status: "active";
  created_at: number;
  updated_at: number;
}

/** The webhook endpoints of dialect D: events of a topic go to all that asked for it. */
export interface Endpoints {
  /** @throws ApiError 400 */
  add(body: unknown): Endpoint;
  list(): Endpoint[];
  urlsFor(topic: string): string[];
  clear(): void;
}

export function createEndpoints(settings: Settings, clock: EmulatorClock): Endpoints {
  let endpoints: Endpoint[] = [];
  return {
    add(body) {
      if (!isRecord(body)) throw invalidRequest("the body must be a JSON object");
      const url = parseWebhookUrl(body.url, settings);
      if (url === null) throw invalidRequest("url is required");
      const { topics } = body;
      if (!Array.isArray(topics) || topics.length === 0 || !topics.every((topic) => TOPICS.includes(topic)))
        throw invalidRequest(`topics must be some of ${TOPICS.join(", ")}`);
      const now = Math.floor(clock.now() / 1000);
      const endpoint: Endpoint = {
        id: createId("we", clock),
        object: "webhook_endpoint",
        url,
        topics,
        status: "active",
        created_at: now,
        updated_at: now,
      };
      endpoints.push(endpoint);
      return endpoint;
    },
    list: () => endpoints,
    urlsFor: (topic) => endpoints.filter(({ topics }) => topics.includes(topic)).map(({ url }) => url),
    clear() {
      endpoints = [];
    },
  };
}
