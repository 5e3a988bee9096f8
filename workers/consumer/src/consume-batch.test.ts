import { describe, expect, it } from "vitest";
import { batchWorld, message, wakeUp } from "./testing/batch-world.ts";

const KEY = "photo/400-high.webp";

describe("consumeBatch", () => {
  it("makes a variant: submitted is recorded, the object is stored with its metadata, the message is acked last", async () => {
    const { consume, ledger, images, ittybit, deps } = batchWorld();
    const order: string[] = [];
    deps.at = async (point) => void order.push(point);
    const one = message(wakeUp([KEY]));
    await consume([one]);
    expect(one.fate).toBe("ack");
    expect(ledger.calls).toEqual(["claim", "submitted", "settle"]);
    expect(ledger.outcomes.get(KEY)).toMatchObject({ kind: "stored", gen: 1001, tookMs: 300 });
    expect(ittybit.jobs[0]?.order).toEqual({
      input: "https://cdn.example.com/originals/photo",
      options: { width: 400, format: "webp", quality: "high" },
      idempotencyKey: "pw-L1-1001",
      metadata: { ledger: "L1", gen: "1001", key: KEY, width: "400", height: "200" },
    });
    const object = images.objects.get(`variants/${KEY}`);
    expect(object?.httpMetadata).toEqual({
      contentType: "image/webp",
      cacheControl: "public, max-age=31536000, immutable",
    });
    expect(object?.customMetadata).toMatchObject({ gen: "1001", job: "job_000001", width: "400", height: "200" });
    expect(order.slice(-3)).toEqual(["settled", "before-ack", "acked"]);
  });
});
