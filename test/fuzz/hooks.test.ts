import { defineConfig } from "@prewarm/shared/config";
import { AppError } from "@prewarm/shared/errors";
import { checkId } from "@prewarm/shared/image-id";
import fc from "fast-check";
import { it } from "vitest";
import type { HookEvent } from "../../workers/consumer/src/hooks/hook-event.ts";
import { type DataMapper, mapByData } from "../../workers/consumer/src/hooks/mappers/map-body.ts";
import * as bodies from "../../workers/consumer/src/hooks/testing/fixtures.ts";
import { RECIPES } from "../../workers/consumer/src/hooks/testing/recipes.ts";
import { beginnings, type Change, changed, changes, DEEP_ARRAYS, fuzz, readCorpus } from "./fuzz.ts";

const config = defineConfig({
  sources: [
    { prefix: "private/", bucket: "ORIGINALS", key: "{id}" },
    { prefix: "", url: "https://cdn.example.com/originals/{id}" },
  ],
});

const s3 = (name: string) => ({
  Records: [bodies.s3Record(name, "photos/my+cat.jpg", { eTag: "a", sequencer: "16F1" })],
});

/** Each mapper with bodies that it takes. */
const MAPPERS: Record<DataMapper["kind"] | "json-path, items", { mapper: DataMapper; seeds: readonly unknown[] }> = {
  native: {
    mapper: { kind: "native" },
    seeds: [
      { type: "image.uploaded", timestamp: "2026-11-24T11:59:30Z", data: { id: "a", v: "1", sourceEtag: "e" } },
      { type: "image.deleted", timestamp: 5, data: { items: [{ id: "a" }, { key: "originals/b" }] } },
      ["a", { id: "b", recipe: "small", contentType: "image/png" }],
    ],
  },
  s3: {
    mapper: { kind: "s3" },
    seeds: [
      s3("ObjectCreated:Put"),
      s3("s3:ObjectRemoved:Delete"),
      bodies.minio,
      bodies.eventBridge("Object Created", "cat.jpg"),
      { Type: "Notification", Message: JSON.stringify(s3("ObjectCreated:Copy")) },
    ],
  },
  r2: {
    mapper: { kind: "r2" },
    seeds: [bodies.r2Event("PutObject", "cat.jpg"), [bodies.r2Event("DeleteObject", "private/cat.jpg")]],
  },
  "gcs-pubsub": {
    mapper: { kind: "gcs-pubsub" },
    seeds: [bodies.gcs("OBJECT_FINALIZE", "cat.jpg"), bodies.gcs("OBJECT_DELETE", "cat.jpg")],
  },
  "json-path": {
    mapper: RECIPES.cloudinary.mapper,
    seeds: [bodies.cloudinary, { ...bodies.cloudinary, notification_type: "delete" }],
  },
  "json-path, items": {
    mapper: {
      kind: "json-path",
      items: "$.items[*]",
      id: "id",
      order: "at",
      event: "event",
      uploadValues: ["up"],
      deleteValues: ["down"],
    },
    seeds: [
      {
        event: "up",
        items: [
          { id: "a", at: 1 },
          { id: "b", event: "down" },
        ],
      },
    ],
  },
};

function judge(events: HookEvent[]): void {
  for (const event of events) {
    if (event.kind !== "upload" && event.kind !== "delete") continue;
    if (typeof event.id !== "string") throw new Error(`an id of type ${typeof event.id}`);
    if (event.order !== null && typeof event.order !== "string") throw new Error("an order that is no text");
    checkId(event.id);
  }
}

interface Body {
  seed: number;
  changes: Change[];
}

const KEPT = readCorpus<Record<string, Body[]>>("hooks");

it.each(Object.entries(MAPPERS))(
  "hook bodies, %s: events with ids that are ids, or a refusal",
  (name, { mapper, seeds }) => {
    const madeOf = ({ seed, changes: all }: Body) => changed(seeds[seed], all);
    const made = fc.record({ seed: fc.nat(seeds.length - 1), changes }).map(madeOf);
    const begun = seeds.flatMap((seed) => [...beginnings(seed)]);
    fuzz(`hook bodies, ${name}`, { corpus: (KEPT[name] ?? []).map(madeOf), begun, made }, (body) => {
      try {
        judge(mapByData(body, mapper, config));
      } catch (error) {
        if (!(error instanceof AppError)) throw error;
      }
    });
    if (({} as Record<string, unknown>).polluted !== undefined) throw new Error("a prototype was changed");
  },
);

it.each(Object.entries(MAPPERS))("hook bodies, %s: nesting without end is refused or ignored", (_name, { mapper }) => {
  for (const body of [
    DEEP_ARRAYS,
    { Records: DEEP_ARRAYS, items: DEEP_ARRAYS, type: "image.deleted", data: DEEP_ARRAYS },
  ]) {
    try {
      judge(mapByData(body, mapper, config));
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
    }
  }
});
