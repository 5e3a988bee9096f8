import type { Config, MapperConfig } from "@prewarm/shared/config";
import type { HookEvent } from "../hook-event.ts";
import { mapGcsPubsub } from "./gcs-pubsub.ts";
import { mapJsonPath } from "./json-path.ts";
import { mapNative } from "./native.ts";
import { mapR2 } from "./r2.ts";
import { mapS3 } from "./s3.ts";

/** Reads a hook's body by its configured mapper. Throws `body_invalid`. */
export function mapBody(body: unknown, mapper: MapperConfig, config: Config): HookEvent[] {
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
