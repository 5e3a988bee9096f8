import { launchBrowser } from "../../apps/dashboard/test/browser.ts";
import { until } from "../../test/e2e/stack.ts";
import { ZIP_NAME, zipPlugin } from "../pack/wordpress-zip.ts";
import type { AwayHook } from "./away.ts";
import { isWarm, MAKING_MS, type Site } from "./warm.ts";

/* What an owner does in a browser: install the zip, fill in the settings page, press its buttons. */

export interface WordPress {
  url: string;
  /** Runs PHP inside WordPress; returns what it prints. */
  run(code: string): Promise<string>;
  close(): void;
}
type BrowserPage = Awaited<ReturnType<Awaited<ReturnType<typeof launchBrowser>>["newPage"]>>;
type Field = "url" | "hook" | "secret";

export interface Owner {
  /** Saves fields; returns the settings page. */
  save(fields: Partial<Record<Field, string>>): Promise<string>;
  /** Presses a button of the settings page. */
  press(button: string): Promise<void>;
  /** A row of the state: Pages, Uploads, Library, Last test. */
  state(row: string): Promise<string>;
  close(): Promise<void>;
}

/** The cookies of a session of the administrator. */
const SESSION = `
  update_option('show_avatars', 0);
  $end = time() + DAY_IN_SECONDS;
  $token = WP_Session_Tokens::get_instance(1)->create($end);
  foreach ([AUTH_COOKIE => 'auth', LOGGED_IN_COOKIE => 'logged_in'] as $name => $scheme)
    $cookies[] = ['name' => $name, 'value' => rawurlencode(wp_generate_auth_cookie(1, $end, $scheme, $token)), 'url' => home_url()];
  echo json_encode($cookies);`;

/** Signs in, and installs and activates the zip as the page "Add Plugins" does. */
export async function installPlugin({ url, run }: WordPress): Promise<Owner> {
  const browser = await launchBrowser();
  const context = await browser.newContext();
  await context.addCookies(JSON.parse(await run(SESSION)));
  const page = await context.newPage();
  // Each page is made by PHP in this process, beside a stack that makes images.
  page.setDefaultTimeout(MAKING_MS);
  await page.goto(`${url}/wp-admin/plugin-install.php?tab=upload`);
  const file = { name: ZIP_NAME, mimeType: "application/zip", buffer: Buffer.from(zipPlugin()) };
  await page.setInputFiles("#pluginzip", file);
  await page.click("#install-plugin-submit");
  await page.getByRole("link", { name: "Activate Plugin" }).click();
  await page.getByRole("link", { name: "Settings", exact: true }).last().click();
  return atSettings(page, async () => browser.close());
}

function atSettings(page: BrowserPage, close: () => Promise<void>): Owner {
  // The click alone does not wait for the page that answers it.
  const press = async (name: string) =>
    void (await Promise.all([page.waitForEvent("domcontentloaded"), page.getByRole("button", { name }).click()]));
  return {
    close,
    press,
    async save(fields) {
      for (const [field, value] of Object.entries(fields)) await page.fill(`#prewarm_${field}`, value);
      await press("Save Changes");
      return page.content();
    },
    async state(row) {
      const cell = page.locator("#prewarm-state tr", { has: page.getByText(row, { exact: true }) }).locator("td");
      return (await cell.textContent()) ?? "";
    },
  };
}

/** WordPress's cron, as a visit starts it. */
const cron = ({ url }: WordPress) => fetch(`${url}/wp-cron.php?doing_wp_cron`);

/** The settings page, from the zip until the library of one image is announced. */
export async function settle(site: Site, wordpress: WordPress, owner: Owner, hook: AwayHook, old: string) {
  const { edgeUrl, hookSecret } = site.stack;
  const wrong = await owner.save({ url: "mailto:images", hook: `${hook.url}/x?`, secret: "whsec_short" });
  const faults = wrong.match(/is not an address|ends with \/hooks\/|base64 of 24/g) ?? [];
  site.check("the settings page names three faults", faults.length === 3, wrong.match(/settings-error-[\s\S]{200}/g));
  await owner.save({ hook: hook.url, secret: `whsec_${btoa("another secret of 32 letters xxx")}` });
  await owner.press("Send a test");
  const refused = await owner.state("Last test");
  site.check("a test says that the secret is wrong", refused.includes("(401). Compare the secret"), refused);
  const saved = await owner.save({ secret: hookSecret });
  site.check("the page does not print the secret", !saved.includes(hookSecret) && saved.includes("is not shown"));
  await owner.press("Send a test");
  const taken = await owner.state("Last test");
  site.check("and then that the hook took it", taken.includes("The hook took it."), taken);

  await owner.press("Announce the library");
  await cron(wordpress);
  await until(
    "the page shows the progress by itself",
    () => owner.state("Library"),
    (said) => said === "1 of 1 images are announced",
  );
  await site.made();
  site.check(
    "an image from before the plugin is warm",
    await isWarm(`${edgeUrl}/images/${old}?w=828&f=auto&v=${await versionOf(wordpress)}`),
  );
  await owner.save({ url: `${edgeUrl}/images/` });
  await owner.press("Send a test");
  const stored = await owner.state("Last test");
  site.check(`a test says: ${stored}`, stored.includes("7 of 7 widths are stored"));
}

const versionOf = (wordpress: WordPress) =>
  wordpress.run(
    "echo current(Prewarm\\told(get_posts(['post_type' => 'attachment', 'post_status' => 'any'])[0]->ID))['v'];",
  );

/** What a minute does: the library's event is due. */
const DUE =
  "if (Prewarm\\is_announcing()) { wp_clear_scheduled_hook('prewarm_library'); wp_schedule_event(time() - 1, 'prewarm_minute', 'prewarm_library'); }";
const MANY = 250;

/** More images than one part has, of which the hook refuses the second at first. */
export async function announceMany(site: Site, wordpress: WordPress, owner: Owner, hook: AwayHook): Promise<void> {
  const before = await wordpress.run("echo Prewarm\\count_library();");
  await wordpress.run(`
    for ($n = 0; $n < ${MANY}; $n++) {
      $file = wp_upload_bits("many-$n.gif", null, base64_decode('R0lGODlhAQABAAAAACwAAAAAAQABAAAC'));
      $id = wp_insert_attachment(['post_mime_type' => 'image/gif', 'post_title' => $n], $file['file']);
      add_post_meta($id, '_wp_attachment_metadata', ['file' => _wp_relative_upload_path($file['file']), 'width' => 1, 'height' => 1]);
    }`);
  const total = Number(before) + MANY;
  const sent: { id: string; ids: string[]; status: number }[] = [];
  hook.instead = ({ id, body }) => {
    const ids = JSON.parse(body).data.items.map((item: { id: string }) => item.id);
    // Cron repeats the delivery of the outage.
    if (ids.length === 1) return 202;
    const status = sent.length === 1 ? 429 : 202;
    sent.push({ id, ids, status });
    return status;
  };
  const minute = async () => {
    await wordpress.run(DUE);
    await cron(wordpress);
    return owner.state("Library");
  };
  await owner.press("Announce the library");
  const isRefused = (said: string) => said.includes("(429)");
  const waits = await until("the hook refuses the second part", minute, isRefused, MAKING_MS);
  const first = sent[0]?.ids.length;
  site.check(
    `the library waits: ${waits}`,
    waits.startsWith(`${first} of ${total} images are announced; the next part is sent at`),
  );
  await wordpress.run("update_option('prewarm_library', ['until' => 0] + get_option('prewarm_library'), false);");
  const isDone = (said: string) => said === `${total} of ${total} images are announced`;
  await until("all are announced", minute, isDone, MAKING_MS);
  const taken = sent.filter(({ status }) => status === 202).flatMap(({ ids }) => ids);
  site.check(
    `${total} images are announced once each, the refused part under its id`,
    taken.length === total && new Set(taken).size === total && sent[1]?.id === sent[2]?.id,
    sent.map(({ ids, ...rest }) => ({ ...rest, count: ids.length })),
  );
  hook.instead = null;
}

/** Deletes the plugin as the page "Plugins" does. */
export async function removePlugin(site: Site, wordpress: WordPress): Promise<void> {
  await wordpress.run(
    "require_once ABSPATH . 'wp-admin/includes/plugin.php'; require_once ABSPATH . 'wp-admin/includes/file.php'; deactivate_plugins('prewarm/prewarm.php'); delete_plugins(['prewarm/prewarm.php']);",
  );
  const left = await wordpress.run(
    `global $wpdb; echo json_encode([$wpdb->get_col("SELECT option_name FROM {$wpdb->options} WHERE option_name LIKE 'prewarm%'"), $wpdb->get_col("SELECT meta_key FROM {$wpdb->postmeta} WHERE meta_key LIKE '_prewarm%'"), strpos(serialize(_get_cron_array()), 'prewarm'), is_dir(WP_PLUGIN_DIR . '/prewarm')]);`,
  );
  site.check("the deleted plugin leaves nothing behind", left === "[[],[],false,false]", left);
}
