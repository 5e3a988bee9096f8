import type { HookConfig } from "@prewarm/shared/config";

/** The recipes that docs/hooks.md prints, as they stand there. */
export const RECIPES = {
  s3: {
    verifier: { kind: "sns", topics: ["arn:aws:sns:eu-central-1:123456789012:prewarm-uploads"] },
    mapper: { kind: "s3", buckets: ["my-originals"] },
  },
  gcs: {
    verifier: { kind: "google-oidc", emails: ["prewarm-push@my-project.iam.gserviceaccount.com"] },
    mapper: { kind: "gcs-pubsub", buckets: ["my-originals"] },
  },
  cloudinary: {
    verifier: {
      kind: "hmac",
      secrets: ["CLOUDINARY_API_SECRET"],
      header: "x-cld-signature",
      algorithm: "SHA-1",
      template: "{body}{timestamp}{secret}",
      timestampHeader: "x-cld-timestamp",
    },
    mapper: {
      kind: "json-path",
      id: "public_id",
      sourceEtag: "etag",
      order: "version",
      event: "notification_type",
      uploadValues: ["upload"],
      deleteValues: ["delete"],
    },
  },
  supabase: {
    verifier: { kind: "bearer", secrets: ["SUPABASE_HOOK_TOKEN"] },
    mapper: {
      kind: "json-path",
      items: "record",
      key: "name",
      sourceEtag: "metadata.eTag",
      contentType: "metadata.mimetype",
      order: "updated_at",
      event: "type",
      uploadValues: ["INSERT", "UPDATE"],
    },
  },
  "supabase-deletions": {
    verifier: { kind: "bearer", secrets: ["SUPABASE_DELETIONS_TOKEN"] },
    mapper: {
      kind: "json-path",
      items: "old_record",
      key: "name",
      event: "type",
      uploadValues: [],
      deleteValues: ["DELETE"],
    },
  },
  tusd: {
    verifier: { kind: "bearer", secrets: ["TUSD_HOOK_TOKEN"] },
    mapper: {
      kind: "json-path",
      items: "Event.Upload",
      key: "Storage.Key",
      contentType: "MetaData.filetype",
      event: "Type",
      uploadValues: ["post-finish"],
    },
  },
  strapi: {
    verifier: { kind: "bearer", secrets: ["STRAPI_HOOK_TOKEN"] },
    mapper: {
      kind: "json-path",
      items: "media",
      id: "hash",
      contentType: "mime",
      order: "updatedAt",
      event: "event",
      uploadValues: ["media.create", "media.update"],
      deleteValues: ["media.delete"],
    },
  },
  sanity: {
    verifier: {
      kind: "hmac",
      secrets: ["SANITY_HOOK_SECRET"],
      header: "sanity-webhook-signature",
      encoding: "base64url",
      prefix: "v1=",
      template: "{timestamp}.{body}",
      timestampHeader: "sanity-webhook-signature",
    },
    mapper: { kind: "json-path", id: "id", sourceEtag: "sha1hash", contentType: "mimeType", order: "at" },
  },
} satisfies Record<string, HookConfig>;
