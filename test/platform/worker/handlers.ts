import { inTurns } from "./bucket-probes.ts";
import { called } from "./call.ts";
import type { Arrival, MessageOrder } from "./message.ts";
import type { Platform } from "./platform.ts";
import { PROBES } from "./probes.ts";

const SLOW_MS = 1_000;

type Sent = MessageOrder & { sentAt: number };

/** Answers the program that runs the checks, and nobody else. */
export async function answer(request: Request, platform: Platform): Promise<Response> {
  const { RUN_KEY } = platform;
  const isOurs = Boolean(RUN_KEY) && request.headers.get("authorization") === `Bearer ${RUN_KEY}`;
  if (!isOurs) return new Response(null, { status: 401 });
  const { pathname, origin } = new URL(request.url);
  const [, kind = "", name = "", method = ""] = pathname.split("/");
  switch (kind) {
    case "healthz":
      return new Response("ok");
    case "slow":
      await answerSlowly(platform, name);
      return new Response("slow");
    case "body":
      return Response.json({ bytes: await countBytes(request) });
    case "subject":
      return Response.json(await callSubject(platform, name, method, await request.json()));
    case "queue":
      return Response.json({ taken: await send(platform, await request.json()) });
    case "probe":
      return Response.json(await PROBES[name]?.({ platform, unique: crypto.randomUUID(), origin }));
    case "clean":
      await clean(platform.BUCKET);
      return new Response("clean");
  }
  return new Response(null, { status: 404 });
}

async function answerSlowly({ SUBJECT }: Platform, counter: string): Promise<void> {
  await SUBJECT.getByName(counter).arrived([]);
  await wait(SLOW_MS);
  await SUBJECT.getByName(counter).handled();
}

function callSubject({ SUBJECT }: Platform, name: string, method: string, args: unknown[]) {
  const stub = SUBJECT.getByName(decodeURIComponent(name)) as unknown as Record<
    string,
    (...args: unknown[]) => Promise<unknown>
  >;
  return called(async () => stub[method]?.(...args));
}

async function send({ QUEUE }: Platform, orders: MessageOrder[]): Promise<boolean> {
  const messages = orders.map(({ delaySeconds, ...order }) => ({
    body: { ...order, sentAt: Date.now() },
    ...(delaySeconds === undefined ? {} : { delaySeconds }),
  }));
  return "answer" in (await called(() => QUEUE.sendBatch(messages)));
}

async function countBytes(request: Request): Promise<number> {
  let bytes = 0;
  for await (const chunk of request.body ?? []) bytes += (chunk as Uint8Array).length;
  return bytes;
}

/** The bucket can only be deleted when it is empty. */
async function clean(bucket: R2Bucket): Promise<void> {
  for (let truncated = true; truncated; ) {
    const page = await bucket.list();
    if (page.objects.length > 0) await bucket.delete(page.objects.map(({ key }) => key));
    truncated = page.truncated;
  }
}

/** Notes each message's arrival, then does as the messages say. */
export async function consume(batch: MessageBatch<Sent>, { SUBJECT }: Platform): Promise<void> {
  const tests = [...new Set(batch.messages.map(({ body }) => body.test))];
  const holdMs = Math.max(0, ...batch.messages.map(({ body }) => body.holdMs ?? 0));
  await inTurns(tests, (test) => SUBJECT.getByName(test).arrived(arrivalsOf(batch, test)) as Promise<void>);
  await wait(holdMs);
  for (const message of batch.messages) {
    if (message.body.act === "retry once" && message.attempts === 1) message.retry({ delaySeconds: 1 });
    else message.ack();
  }
  await inTurns(tests, (test) => SUBJECT.getByName(test).handled() as Promise<void>);
}

function arrivalsOf({ messages }: MessageBatch<Sent>, test: string): Arrival[] {
  return messages
    .filter(({ body }) => body.test === test)
    .map(({ id, attempts, body }) => ({
      n: body.n,
      id,
      attempts,
      afterMs: Date.now() - body.sentAt,
      batch: messages.length,
    }));
}

const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
