// WordPress in this process: PHP as WebAssembly, SQLite as the database, files in memory. Nothing is downloaded.
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { loadNodeRuntime } from "@php-wasm/node";
import { bootWordPressAndRequestHandler } from "@wp-playground/wordpress";

const BUILDS = join(dirname(fileURLToPath(import.meta.resolve("@wp-playground/wordpress-builds/package.json"))), "src");
const PHP = "8.3";

/** Serves WordPress with the plugin on a port; `constants` are those of wp-config.php. */
export async function startWordPress(port, constants) {
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
    // Application passwords without TLS; cron runs when it is asked to.
    constants: { WP_ENVIRONMENT_TYPE: "local", DISABLE_WP_CRON: true, ...constants },
  });
  const php = await handler.getPrimaryPhp();
  php.mkdir("/wordpress/wp-content/plugins/prewarm");
  php.writeFile(
    "/wordpress/wp-content/plugins/prewarm/prewarm.php",
    readFileSync(new URL("prewarm.php", import.meta.url)),
  );
  const run = async (code) => (await php.run({ code: `<?php require '/wordpress/wp-load.php'; ${code}` })).text;
  await run("require_once ABSPATH . 'wp-admin/includes/plugin.php'; activate_plugin('prewarm/prewarm.php');");
  const server = createServer((request, response) => answer(handler, url, request, response));
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
