import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** A page's HTML, or what the server does when it is asked for. */
export type FakePage = string | ((response: ServerResponse, request: IncomingMessage) => void);

/** A website in memory. Requests are kept in their order, each as its path. */
export async function startFakeSite(pages: Record<string, FakePage>) {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    const path = request.url ?? "";
    asked.push(path);
    const page = pages[path];
    if (typeof page === "function") return page(response, request);
    if (page === undefined) return response.writeHead(404).end();
    const type = path.endsWith(".css") ? "text/css" : path.endsWith(".xml") ? "application/xml" : "text/html";
    response.writeHead(200, { "content-type": type }).end(page);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    pages,
    close: () =>
      new Promise<void>((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}
