import { ApiError } from "@prewarm/shared/api-errors";
import type { Config, MapperConfig } from "@prewarm/shared/config";
import type { HookEvent } from "../hook-event.ts";
import { mapGcsPubsub } from "./gcs-pubsub.ts";
import { mapJsonPath } from "./json-path.ts";
import { mapNative } from "./native.ts";
import { mapR2 } from "./r2.ts";
import { mapS3 } from "./s3.ts";

/** Most events that one body may hold. A usual webhook has a handful. */
const EVENTS_MAX = 10_000;

/** Reads a hook's body by its configured mapper. Throws `body_invalid`. */
export function mapBody(body: unknown, mapper: MapperConfig, config: Config): HookEvent[] {
  const events = eventsOf(body, mapper, config);
  if (events.length > EVENTS_MAX)
    throw new ApiError("body_invalid", { detail: `More than ${EVENTS_MAX} events in one body.` });
  return events;
}

function eventsOf(body: unknown, mapper: MapperConfig, config: Config): HookEvent[] {
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
