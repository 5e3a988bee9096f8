import { Agent, request } from "node:http";

// A child process of the benchmark: fetches paths over keep-alive connections as fast as they are answered, and tells how long it took.
export interface Order {
  port: number;
  paths: string[];
  connections: number;
}

export interface Report {
  seconds: number;
  /** How often each `status Cache-Status` was answered. */
  answers: Record<string, number>;
}

function get(agent: Agent, port: number, path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const sent = request({ agent, host: "127.0.0.1", port, path }, (response) => {
      response.on("error", reject);
      response.on("end", () => resolve(`${response.statusCode} ${response.headers["cache-status"] ?? ""}`.trim()));
      response.resume();
    });
    sent.on("error", reject);
    sent.end();
  });
}

async function run({ port, paths, connections }: Order): Promise<Report> {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const answers: Record<string, number> = {};
  const start = performance.now();
  let next = 0;
  const lane = async (): Promise<void> => {
    for (let path = paths[next++]; path !== undefined; path = paths[next++]) {
      const answer = await get(agent, port, path);
      answers[answer] = (answers[answer] ?? 0) + 1;
    }
  };
  await Promise.all(Array.from({ length: connections }, lane));
  agent.destroy();
  return { seconds: (performance.now() - start) / 1000, answers };
}

process.on("message", (order: Order) => {
  void run(order).then((report) => process.send?.(report));
});
