import { createServer } from "node:http";
import { listen } from "./listen.ts";

/** More bytes than any event of ours has. */
const BODY_MAX_BYTES = 100_000;

/** A server on loopback that prints each event of the local stack: type and text. `port` 0 takes any free one. */
export async function startEventListener(port: number, print: (line: string) => void) {
  const server = createServer((request, response) => {
    let body = "";
    request.setEncoding("utf8");
    request.on("data", (part: string) => {
      body = (body + part).slice(0, BODY_MAX_BYTES);
    });
    request.on("end", () => {
      print(lineOf(body));
      response.writeHead(204).end();
    });
  });
  const bound = await listen(server, port);
  return {
    url: `http://127.0.0.1:${bound}/`,
    close: async () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

/** `event trouble.opened  *Problem, Ittybit* …`. */
function lineOf(body: string): string {
  try {
    const { type, text } = JSON.parse(body) as { type?: unknown; text?: unknown };
    return `event ${type}  ${String(text).replaceAll("\n", "  ")}`;
  } catch {
    return "event that is no JSON";
  }
}
