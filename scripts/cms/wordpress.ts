import { join } from "node:path";
import { createPrewarm } from "../../packages/client/src/create-prewarm.ts";
import { inFolder } from "../examples/example-folder.ts";
import { type AwayHook, startHook } from "./away.ts";
import { colourOf, picture, printedIn, type Site, startSite } from "./warm.ts";
import { announceMany, installPlugin, removePlugin, settle, type WordPress } from "./wordpress-owner.ts";

/* WordPress in Playground with the plugin from its zip, uploads by its REST API as its editor makes them. */

interface Media {
  id: number;
  source_url: string;
  media_details: { file: string; sizes: Record<string, { source_url: string }> };
}
interface Page {
  link: string;
  html: string;
}
interface Published {
  media: Media;
  link: string;
}
type Call = <T>(method: string, path: string, body: object | Buffer, headers?: Record<string, string>) => Promise<T>;

export const tryWordPress = (): Promise<void> =>
  inFolder("cms-wordpress", async (folder) => {
    const { startWordPress } = await import(join(folder, "playground.mjs"));
    const site = await startSite("/wp-content/uploads/{id}");
    const hook = await startHook(`${site.stack.controlUrl}/hooks/uploads`);
    const wordpress: WordPress = await startWordPress(site.port);
    const call = await signIn(wordpress);
    const old = await upload(call, "old.jpg", await picture("#ffff00"));
    const owner = await installPlugin(wordpress);
    try {
      await settle(site, wordpress, owner, hook, old.media_details.file);
      const published = await uploadAndPublish(site, wordpress, call);
      await replace(site, wordpress, published);
      await edit(site, wordpress, call, published.media, hook);
      await moveFocal(site, call, published.media, hook);
      await moveFocalOfOthers(site, wordpress, published.media);
      await loadMore(site, wordpress, published.media);
      await outage(site, wordpress, call, hook);
      await remove(site, call, published);
      await announceMany(site, wordpress, owner, hook);
      await removePlugin(site, wordpress);
    } finally {
      await owner.close();
      wordpress.close();
      hook.close();
      await site.stack.close();
    }
  });

async function signIn(wordpress: WordPress): Promise<Call> {
  const password = await wordpress.run(
    "echo WP_Application_Passwords::create_new_application_password(1, ['name' => 'editor'])[0];",
  );
  const authorization = `Basic ${Buffer.from(`admin:${password}`).toString("base64")}`;
  return async (method, path, body, more = {}) => {
    const isBytes = Buffer.isBuffer(body);
    const headers = { authorization, "content-type": isBytes ? "image/jpeg" : "application/json", ...more };
    const sent = isBytes ? new Uint8Array(body as Buffer) : JSON.stringify(body);
    const answer = await fetch(`${wordpress.url}/index.php?rest_route=/wp/v2/${path}`, { method, headers, body: sent });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
    return JSON.parse(text);
  };
}

const upload = (call: Call, name: string, bytes: Buffer) =>
  call<Media>("POST", "media", bytes, { "content-disposition": `attachment; filename="${name}"` });

/** A post as the block editor saves it: WordPress's own URLs, and the number of the image in its class. */
function contentOf({ id, source_url, media_details: { sizes } }: Media): string {
  const image = (size: string, src: string) =>
    `<!-- wp:image {"id":${id},"sizeSlug":"${size}"} --><figure class="wp-block-image size-${size}"><img src="${src}" alt="" class="wp-image-${id}"/></figure><!-- /wp:image -->`;
  const some = ["medium", "large", "thumbnail"].map((size) => image(size, sizes[size]?.source_url ?? ""));
  return [...some, image("full", source_url), `[gallery ids="${id}" size="medium" link="none"]`].join("\n");
}

async function publish(site: Site, call: Call, media: readonly Media[]): Promise<Page> {
  const content = media.map(contentOf).join("\n");
  const draft = await call<{ id: number }>("POST", "posts", {
    title: "Pictures",
    content,
    featured_media: media[0]?.id,
  });
  await site.made();
  const { link } = await call<{ link: string }>("POST", `posts/${draft.id}`, { status: "publish" });
  return { link, html: (await (await fetch(link)).text()).replaceAll("&amp;", "&") };
}

async function uploadAndPublish(site: Site, wordpress: WordPress, call: Call): Promise<Published> {
  const first = await upload(call, "sea.jpg", await picture("#0000ff"));
  // Wider than WordPress keeps: its name gets `-scaled`.
  const large = await upload(call, "large (1).jpg", await picture("#00ffff", 3000, 2000));
  const { link, html } = await publish(site, call, [first, large]);
  site.check("every URL of the page is warm before the page is published", (await site.cold(html)).length === 0);
  const images = html.split("<img").slice(1);
  const srcs = images.map((rest) => rest.split(' src="')[1]?.split('"')[0] ?? "");
  const own = srcs.filter((src) => !src.startsWith(site.stack.edgeUrl) && !src.startsWith("data:"));
  const ofUploads = own.filter((src) => src.includes("/uploads/"));
  site.check(
    `the page shows ${srcs.length} images, none from the uploads folder`,
    srcs.length >= 10 && ofUploads.length === 0,
    own,
  );
  const { srcset } = createPrewarm({ baseUrl: site.stack.edgeUrl });
  const told = JSON.parse(
    await wordpress.run(
      "echo json_encode(array_merge(...array_map('Prewarm\\\\told', get_posts(['post_type' => 'attachment', 'fields' => 'ids', 'post_status' => 'any']))));",
    ),
  );
  for (const [media, width, height] of [
    [first, 1600, 900],
    [large, 2560, 1707],
  ] as const) {
    const id = media.media_details.file;
    site.check(
      `the srcset of ${id} is the client's`,
      html.includes(srcset({ id, width, height, v: told[id].v })),
      html,
    );
  }
  const stored = await wordpress.run("echo get_posts(['numberposts' => 1])[0]->post_content;");
  site.check(
    "the database keeps WordPress's own URLs",
    !stored.includes(site.stack.edgeUrl) && stored.includes("/uploads/"),
  );
  return { media: first, link };
}

/** As plugins that replace media do it: other bytes under the same name, then new metadata. */
async function replace(site: Site, wordpress: WordPress, { media, link }: Published): Promise<void> {
  const before = await urlIn(site, link, media);
  const again = `require_once ABSPATH . 'wp-admin/includes/image.php'; $file = get_attached_file(${media.id});`;
  const renew = `wp_update_attachment_metadata(${media.id}, wp_generate_attachment_metadata(${media.id}, $file));`;
  const bytes = (await picture("#ff0000")).toString("base64");
  await wordpress.run(`${again} file_put_contents($file, base64_decode('${bytes}')); ${renew}`);
  await site.made();
  const after = await urlIn(site, link, media);
  const colours = await Promise.all([colourOf(before), colourOf(after)]);
  site.check(`a replaced image has other URLs: ${colours.join(" → ")}`, before !== after && colours[0] !== colours[1]);
  const cold = await site.cold(await (await fetch(link)).text());
  site.check("every URL of the page is warm after the replacement", cold.length === 0, cold);
}

/** The URL of 828 px of an image in a published page. */
async function urlIn({ stack }: Site, link: string, { media_details: { file } }: Media): Promise<string> {
  const urls = printedIn(await (await fetch(link)).text(), stack.edgeUrl);
  return urls.find((url) => url.startsWith(`${stack.edgeUrl}/images/${file}?w=828`)) ?? `no URL of ${file}`;
}

async function edit(site: Site, wordpress: WordPress, call: Call, media: Media, hook: AwayHook): Promise<void> {
  const rotated = await call<Media>("POST", `media/${media.id}/edit`, {
    src: media.source_url,
    modifiers: [{ type: "rotate", args: { angle: 90 } }],
  });
  const { html } = await publish(site, call, [rotated]);
  const cold = await site.cold(html);
  site.check("an image that is rotated in the editor is warm under its new name", cold.length === 0, cold);
  const { length } = hook.answered;
  await wordpress.run(`wp_update_attachment_metadata(${media.id}, wp_get_attachment_metadata(${media.id}));`);
  site.check(
    "metadata that is saved again announces nothing",
    hook.answered.length === length,
    hook.answered.slice(length),
  );
}

/** An author moves the point of a Cover. */
async function moveFocal(site: Site, call: Call, media: Media, hook: AwayHook): Promise<void> {
  const cover = (focalPoint: object) =>
    `<!-- wp:cover ${JSON.stringify({ id: media.id, focalPoint })} --><!-- /wp:cover -->`;
  const group = `<!-- wp:group -->${cover({ x: 0.3, y: 0.2 })}<!-- /wp:group -->`;
  await call("POST", "posts", { title: "Cover", content: group });
  const told = hook.answered.at(-1) ?? "";
  site.check("the focal point of a Cover is handed on", told.includes(`"focal":[0.3,0.2]`), told);
  const { length } = hook.answered;
  await call("POST", "posts", { title: "Cover", content: group });
  site.check("and not again", hook.answered.length === length, hook.answered.slice(length));
}

/** Whose drafts may say which part of an administrator's picture stays: an editor's, not a contributor's nor an author's. */
async function moveFocalOfOthers(site: Site, { run }: WordPress, { id }: Media): Promise<void> {
  const save = (role: string, focalPoint: object) => {
    const cover = `<!-- wp:cover ${JSON.stringify({ id, focalPoint })} /-->`;
    return run(`
      wp_set_current_user(wp_insert_user(['user_login' => '${role}', 'user_pass' => 'x', 'role' => '${role}']));
      wp_insert_post(['post_title' => 'Draft', 'post_status' => 'draft', 'post_content' => wp_slash('${cover}')]);
      echo json_encode(get_post_meta(${id}, '_prewarm_focal', true));`);
  };
  for (const [role, focalPoint, wanted] of [
    ["contributor", { x: 0.9, y: 0.9 }, "[0.3,0.2]"],
    ["author", { x: 0.8, y: 0.9 }, "[0.3,0.2]"],
    ["editor", { x: 0.7, y: 0.6 }, "[0.7,0.6]"],
  ] as const) {
    const point = await save(role, focalPoint);
    site.check(`after a draft by the ${role} the focal point is ${point}`, point === wanted);
  }
}

/** A theme loads the next posts by admin-ajax.php, and the administration asks there too. */
async function loadMore(site: Site, { url, run }: WordPress, { id }: Media): Promise<void> {
  const plugin = `<?php add_action('wp_ajax_nopriv_more', function () { wp_die(wp_get_attachment_image(${id}, 'large')); });`;
  await run(
    `wp_mkdir_p(WPMU_PLUGIN_DIR); file_put_contents(WPMU_PLUGIN_DIR . '/more.php', base64_decode('${btoa(plugin)}'));`,
  );
  const more = async (referer: string) =>
    (await fetch(`${url}/wp-admin/admin-ajax.php?action=more`, { headers: { referer: `${url}${referer}` } })).text();
  const [view, ours] = [await more("/"), await more("/wp-admin/post.php")];
  site.check(
    "a part of a page that is loaded later has Prewarm's URLs",
    view.includes(`src="${site.stack.edgeUrl}/`),
    view,
  );
  site.check(
    "the administration has WordPress's own",
    ours.includes("/uploads/") && !ours.includes(site.stack.edgeUrl),
    ours,
  );
}

async function outage(site: Site, wordpress: WordPress, call: Call, hook: AwayHook): Promise<void> {
  hook.instead = () => 503;
  const { html } = await publish(site, call, [await upload(call, "outage.jpg", await picture("#00ff00"))]);
  site.check("an upload while the hook is away is not made", (await site.cold(html)).length > 0);
  hook.instead = null;
  // What cron does when its time has come.
  const events = "foreach (_get_cron_array() as $hooks) foreach ($hooks['prewarm_deliver'] ?? [] as $event)";
  await wordpress.run(`${events} do_action_ref_array('prewarm_deliver', $event['args']);`);
  await site.made();
  const cold = await site.cold(html);
  site.check("cron sends the delivery again, and the upload is made", cold.length === 0, cold);
}

async function remove(site: Site, call: Call, { media }: Published): Promise<void> {
  await call("DELETE", `media/${media.id}&force=true`, {});
  await site.made();
  await site.gone("the variants of a deleted image are gone", media.media_details.file);
}
