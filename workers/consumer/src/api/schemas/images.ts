import { answer, bytes, createRoute, cursor, format, jobState, nextCursor, refusals, time, z } from "./common.ts";
import { jobError } from "./jobs.ts";

export const variant = z
  .object({
    transform: z.string(),
    format,
    state: jobState,
    bytes: bytes.nullable(),
    url: z.string().openapi({ description: "Where the edge answers it" }),
    key: z.string(),
    v: z.string().nullable(),
    job: z.string(),
    width: z.number().int().nullable(),
    height: z.number().int().nullable(),
    error: jobError.nullable(),
    storedAt: time.nullable(),
  })
  .openapi("Variant");
export type Variant = z.infer<typeof variant>;

export const image = z
  .object({
    id: z.string(),
    originalUrl: z.string().nullable(),
    sourceEtag: z.string().nullable(),
    purging: z.boolean(),
    variants: z.array(variant),
    nextCursor,
  })
  .openapi("Image");

const params = z.object({ id: z.string().min(1).openapi({ description: "One URL-encoded segment" }) });

export const getImageRoute = createRoute({
  method: "get",
  path: "/api/v1/images/{id}",
  tags: ["images"],
  summary: "All variants of one image, from R2 and the open rows",
  request: { params, query: z.object({ cursor }) },
  responses: { 200: answer(image, "The image"), ...refusals },
});

export const purgeImageRoute = createRoute({
  method: "delete",
  path: "/api/v1/images/{id}",
  tags: ["images"],
  summary: "Remove every variant of one image",
  description: "Asynchronous, in slices; edge caches follow within the configured cacheSeconds.",
  request: { params },
  responses: {
    202: answer(
      z.object({ id: z.string(), purge: z.string(), state: z.enum(["purging", "done"]) }).openapi("Purge"),
      "Under way",
    ),
    ...refusals,
  },
});
