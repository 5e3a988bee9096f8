/*
 * Bodies as the senders document them (read 2026-11), shortened to what matters. They are what docs/hooks.md's recipes are tested with.
 */

/** docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html */
export const s3Record = (
  eventName: string,
  key: string,
  more: { eTag?: string; sequencer?: string; bucket?: string } = {},
) => ({
  eventVersion: "2.1",
  eventSource: "aws:s3",
  awsRegion: "eu-central-1",
  eventTime: "2026-11-24T11:59:00.000Z",
  eventName,
  s3: {
    s3SchemaVersion: "1.0",
    bucket: { name: more.bucket ?? "originals", arn: "arn:aws:s3:::originals" },
    object: {
      key,
      size: 1024,
      ...(more.eTag ? { eTag: more.eTag } : {}),
      ...(more.sequencer ? { sequencer: more.sequencer } : {}),
    },
  },
});

/** docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html */
export const eventBridge = (detailType: string, key: string) => ({
  version: "0",
  id: "17793124-05d4-b198-2fde-7ededc63b103",
  "detail-type": detailType,
  source: "aws.s3",
  time: "2026-11-24T11:59:00Z",
  detail: {
    version: "0",
    bucket: { name: "originals" },
    object: {
      key,
      size: 5,
      etag: "b1946ac92492d2347c6235b4d2611184",
      "version-id": "x",
      sequencer: "00617F08299329D189",
    },
    reason: "PutObject",
  },
});

/** min.io/docs, bucket notifications to a webhook */
export const minio = {
  EventName: "s3:ObjectCreated:Put",
  Key: "originals/photos/my+cat.jpg",
  Records: [s3Record("s3:ObjectCreated:Put", "photos%2Fmy+cat.jpg", { eTag: "abc", sequencer: "16F1A2B3C4D5E6F7" })],
};

/** developers.cloudflare.com/r2/buckets/event-notifications */
export const r2Event = (action: string, key: string, more: object = {}) => ({
  account: "3f4b7e3dcab231cbfdaa90a6a28bd548",
  action,
  bucket: "originals",
  object: { key, size: 65536, eTag: "c846ff7a18f28c2e262116d6e8719ef0" },
  eventTime: "2026-11-24T11:59:44.379Z",
  ...more,
});

/** cloud.google.com/storage/docs/pubsub-notifications */
export const gcs = (eventType: string, objectId: string, more: object = {}) => ({
  message: {
    attributes: {
      eventType,
      bucketId: "originals",
      objectId,
      objectGeneration: "1764000000000001",
      payloadFormat: "JSON_API_V1",
      ...more,
    },
    data: btoa(JSON.stringify({ kind: "storage#object", name: objectId, contentType: "image/jpeg", etag: "CJj=" })),
    messageId: "2070443601311540",
  },
  subscription: "projects/p/subscriptions/s",
});

/** cloudinary.com/documentation/notifications */
export const cloudinary = {
  notification_type: "upload",
  timestamp: "2026-11-24T11:59:30+00:00",
  asset_id: "f4a2",
  public_id: "albums/dog",
  version: 1764000000,
  resource_type: "image",
  format: "jpg",
  etag: "7f1a",
};

/** supabase.com/docs/guides/database/webhooks, table storage.objects */
export const supabase = (type: "INSERT" | "UPDATE" | "DELETE") => {
  const row = {
    id: "1",
    bucket_id: "photos",
    name: "users/7/face.png",
    updated_at: "2026-11-24T11:59:30Z",
    metadata: { eTag: '"e1"', mimetype: "image/png", size: 9 },
  };
  return {
    type,
    table: "objects",
    schema: "storage",
    record: type === "DELETE" ? null : row,
    old_record: type === "INSERT" ? null : row,
  };
};

/** tus.github.io/tusd/advanced-topics/hooks */
export const tusd = (Type: string) => ({
  Type,
  Event: {
    Upload: {
      ID: "24e533e02ec3bc40",
      Size: 46205,
      MetaData: { filename: "cat.png", filetype: "image/png" },
      Storage: { Type: "s3store", Bucket: "originals", Key: "tus/24e533e02ec3bc40" },
    },
    HTTPRequest: { Method: "PATCH" },
  },
});

/** docs.strapi.io/cms/backend-customization/webhooks */
export const strapi = (event: string) => ({
  event,
  createdAt: "2026-11-24T11:59:30.000Z",
  media: {
    id: 1,
    name: "cat.png",
    hash: "cat_5d2a",
    ext: ".png",
    mime: "image/png",
    url: "/uploads/cat_5d2a.png",
    updatedAt: "2026-11-24T11:59:30.000Z",
  },
});

/** www.sanity.io/docs/webhooks, with the projection that docs/hooks.md prints */
export const sanity = {
  _id: "image-abc-200x300-jpg",
  id: "abc-200x300.jpg",
  sha1hash: "abc",
  mimeType: "image/jpeg",
  at: "2026-11-24T11:59:30Z",
};
