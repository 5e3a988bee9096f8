import type { JobQueue } from "@prewarm/durable-queue";

export function steer(queue: JobQueue): void {
  const key = { group: "ada", part: "1" };
  queue.job(key); // state, payload, when it is due, each failed attempt
  queue.jobs({ state: "dead", group: "ada" }); // a page, and the cursor of the next one
  queue.retry(key); // "ok", "missing" or "conflict"
  queue.cancel(key);
  queue.run("newsletter"); // jobs by state of all that was enqueued with this run
  queue.cancelRun("newsletter");
  queue.counts(); // { waiting, running, retrying, done, dead, cancelled }
  queue.pause({ reason: "the service moves" });
  queue.closed(); // why nothing starts: paused, throttled, …; null: jobs start
  queue.resume();
}
