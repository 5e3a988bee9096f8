import { forImages, type PageRules } from "./page-images.ts";

export interface ReadAheadLimits {
  /** Longest that the images of a page are gathered after its first one, in ms. */
  readMs: number;
  maxBytes: number;
  maxImages: number;
}

/**
 * The ids of a page's images, each once, read ahead of what is sent: the lookup needs them all, and the page's first image must not wait for
 * the end of a page that is still being made. What comes too late is left as it is. `sent` is the same page, at the pace of its viewer.
 *
 * Not by `tee`: in workerd one half learns of the end only when the other half is read to it, and that half waits for the lookup.
 */
export function readAhead(page: ReadableStream<Uint8Array>, rules: PageRules, limits: ReadAheadLimits) {
  const scan = scanner(rules, limits);
  const source = page.getReader();
  const waiting: Uint8Array[] = [];
  let bytes = 0;
  let reading: Promise<boolean> | null = null;
  const read = async (): Promise<boolean> => {
    const { done, value } = await source.read();
    if (done) return false;
    bytes += value.byteLength;
    waiting.push(value);
    scan.see(value);
    return true;
  };
  /** Reads a chunk for both; false: the page has ended. */
  const fill = (): Promise<boolean> => {
    reading ??= read().finally(() => {
      reading = null;
    });
    return reading;
  };
  const ahead = async (): Promise<void> => {
    while (scan.isOn() && bytes < limits.maxBytes && (await fill()));
    scan.end();
  };
  ahead().catch(scan.end);
  const sent = new ReadableStream<Uint8Array>({
    async pull(controller) {
      while (waiting.length === 0) if (!(await fill())) return controller.close();
      controller.enqueue(waiting.shift());
    },
    cancel: (reason) => source.cancel(reason),
  });
  return { ids: scan.ids, sent };
}

/** Gathers ids from the chunks that it sees. */
function scanner(rules: PageRules, { readMs, maxImages }: ReadAheadLimits) {
  const found = new Set<string>();
  const over = Promise.withResolvers<void>();
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  const writer = writable.getWriter();
  let isOn = true;
  const end = (): void => {
    if (!isOn) return;
    isOn = false;
    void writer.close().catch(() => {});
  };
  const rewriter = forImages(rules, ({ image: { ref } }) => {
    if (found.size === 0)
      setTimeout(() => {
        end();
        over.resolve();
      }, readMs);
    if (found.size < maxImages) found.add(ref.id);
  });
  const read = rewriter.transform(new Response(readable)).body?.pipeTo(new WritableStream());
  read?.then(over.resolve, over.resolve);
  return {
    isOn: () => isOn,
    see: (chunk: Uint8Array): void => {
      if (isOn) void writer.write(chunk).catch(() => {});
    },
    end,
    ids: over.promise.then(() => [...found]),
  };
}
