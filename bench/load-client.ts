import { connect, type Socket } from "node:net";

// A child process of the benchmark: sends GETs over keep-alive connections as fast as they are answered, and tells how long it took.
// It reads just enough of each answer to know where it ends, so that what is measured is the server.
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

const HEAD_END = "\r\n\r\n";

/** Sends one request and reads its answer, which must declare its length. */
function get(socket: Socket, port: number, path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = "";
    let head = Buffer.alloc(0);
    let left = -1;
    const read = (chunk: Buffer): void => {
      let body = chunk.length;
      if (left < 0) {
        head = head.length === 0 ? chunk : Buffer.concat([head, chunk]);
        const end = head.indexOf(HEAD_END);
        if (end < 0) return;
        const text = head.toString("latin1", 0, end);
        left = Number(/^content-length: *(\d+)/im.exec(text)?.[1] ?? Number.NaN);
        answer = `${text.slice(9, 12)} ${/^cache-status: *(.*)$/im.exec(text)?.[1] ?? ""}`.trim();
        body = head.length - end - HEAD_END.length;
      }
      left -= body;
      if (left > 0) return;
      socket.off("data", read);
      socket.off("error", reject);
      if (left === 0) resolve(answer);
      else reject(new Error(`an answer without its length, or longer than it: ${answer}`));
    };
    socket.on("data", read);
    socket.once("error", reject);
    socket.write(`GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`);
  });
}

async function run({ port, paths, connections }: Order): Promise<Report> {
  const sockets = Array.from({ length: connections }, () => connect(port, "127.0.0.1").setNoDelay(true));
  await Promise.all(sockets.map((socket) => new Promise((resolve) => socket.once("connect", resolve))));
  const answers: Record<string, number> = {};
  const start = performance.now();
  let next = 0;
  const lane = async (socket: Socket): Promise<void> => {
    for (let path = paths[next++]; path !== undefined; path = paths[next++]) {
      const answer = await get(socket, port, path);
      answers[answer] = (answers[answer] ?? 0) + 1;
    }
  };
  await Promise.all(sockets.map(lane));
  const seconds = (performance.now() - start) / 1000;
  for (const socket of sockets) socket.destroy();
  return { seconds, answers };
}

process.on("message", (order: Order) => {
  run(order).then(
    (report) => process.send?.(report),
    (error: unknown) => {
      console.error(error);
      process.exit(1);
    },
  );
});
