import { ApiError } from "@prewarm/shared/api-errors";
import type { Config, MapperConfig, ProvenDelivery } from "@prewarm/shared/config";
import type { Log } from "@prewarm/shared/log";
import { parseBody } from "../../platform/request-body.ts";
import type { HookEvent } from "../hook-event.ts";
import { callSite } from "../site-function.ts";
import { readNews } from "./function.ts";
import { mapGcsPubsub } from "./gcs-pubsub.ts";
import { mapJsonPath } from "./json-path.ts";
import { mapNative } from "./native.ts";
import { mapR2 } from "./r2.ts";
import { mapS3 } from "./s3.ts";

/** Most events that one body may hold. A usual webhook has a handful. */
const EVENTS_MAX = 10_000;

/** A mapper that is settings, and no function of the site. */
export type DataMapper = Exclude<MapperConfig, { kind: "function" }>;

/** Reads a hook's body by its configured mapper. Throws `body_invalid`, or what `callSite` throws. */
export async function mapBody(delivery: ProvenDelivery, hook: Mapped, config: Config): Promise<HookEvent[]> {
  const { mapper } = hook;
  switch (mapper.kind) {
    case "function": {
      const run = () => mapper.map(jsonOf(delivery.text), delivery);
      return bounded(await callSite({ ...hook, what: "mapper" }, run, (result) => readNews(result, config)));
    }
    default:
      return mapByData(parseBody(delivery.text), mapper, config);
  }
}

interface Mapped {
  hook: string;
  mapper: MapperConfig;
  log: Log;
}

/** Undefined where the text is no JSON: a function may read forms and XML. */
function jsonOf(text: string): unknown {
  try {
    return parseBody(text);
  } catch (error) {
    if (error instanceof ApiError && error.code === "body_invalid") return undefined;
    throw error;
  }
}

export function mapByData(body: unknown, mapper: DataMapper, config: Config): HookEvent[] {
  return bounded(eventsOf(body, mapper, config));
}

function bounded(events: HookEvent[]): HookEvent[] {
  if (events.length > EVENTS_MAX)
    throw new ApiError("body_invalid", { detail: `More than ${EVENTS_MAX} events in one body.` });
  return events;
}

function eventsOf(body: unknown, mapper: DataMapper, config: Config): HookEvent[] {
  switch (mapper.kind) {
    case "native":
      return mapNative(body, config);
    case "s3":
      return mapS3(body, config, mapper.buckets);
    case "r2":
      return mapR2(body, config, mapper.buckets);
    case "gcs-pubsub":
      return mapGcsPubsub(body, config, mapper.buckets);
    case "json-path":
      return mapJsonPath(body, config, mapper);
    default:
      return mapper satisfies never;
  }
}
