// WordPress in this process: PHP as WebAssembly, SQLite as the database, files in memory. Nothing is downloaded.
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { loadNodeRuntime } from "@php-wasm/node";
import { bootWordPressAndRequestHandler } from "@wp-playground/wordpress";

const BUILDS = join(dirname(fileURLToPath(import.meta.resolve("@wp-playground/wordpress-builds/package.json"))), "src");
const PHP = "8.3";
const LACKS = /^\/wp-(?:admin|includes)\/.*(?:\.(?:css|js|png|svg|gif)|\/load-(?:scripts|styles)\.php)(?:\?|$)/;

/** Serves WordPress on a port. Its administrator is `admin` with the password `password`. */
export async function startWordPress(port) {
  const url = `http://localhost:${port}`;
  const file = (path) => new File([readFileSync(join(BUILDS, path))], "file.zip");
  const handler = await bootWordPressAndRequestHandler({
    createPhpRuntime: () => loadNodeRuntime(PHP, { emscriptenOptions: { processId: process.pid } }),
    phpVersion: PHP,
    siteUrl: url,
    wordPressZip: file("wordpress/wp-beta.zip"),
    sqliteIntegrationPluginZip: file("sqlite-database-integration/sqlite-database-integration.zip"),
    wordpressInstallMode: "install-from-existing-files",
    cookieStore: false,
    // Application passwords without TLS; cron runs when it is asked to; WordPress looks for no updates.
    constants: {
      WP_ENVIRONMENT_TYPE: "local",
      DISABLE_WP_CRON: true,
      WP_HTTP_BLOCK_EXTERNAL: true,
      WP_ACCESSIBLE_HOSTS: "localhost",
      FS_METHOD: "direct",
    },
  });
  const php = await handler.getPrimaryPhp();
  // One after another: of two requests at once Playground may leave one without an answer.
  let last = Promise.resolve();
  const inTurn = (work) => {
    last = last.then(work, work);
    return last;
  };
  const run = (code) =>
    inTurn(async () => (await php.run({ code: `<?php require '/wordpress/wp-load.php'; ${code}` })).text);
  const server = createServer((request, response) => {
    // The build has none of WordPress's own style sheets and scripts, and WordPress would make a page for each.
    if (LACKS.test(request.url)) response.writeHead(404).end();
    else inTurn(() => answer(handler, url, request, response));
  });
  await new Promise((resolve) => server.listen(port, "localhost", resolve));
  return { url, run, close: () => server.close() };
}

async function answer(handler, url, request, response) {
  try {
    const body = new Uint8Array(Buffer.concat(await request.toArray()));
    const { method, headers } = request;
    const {
      httpStatusCode,
      headers: sent,
      bytes,
    } = await handler.request({ url: url + request.url, method, headers, body });
    response.writeHead(httpStatusCode, sent).end(method === "HEAD" ? undefined : bytes);
  } catch (error) {
    response.writeHead(500).end(String(error));
  }
}
