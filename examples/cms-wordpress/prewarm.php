<?php
/**
 * Plugin Name: Prewarm
 * Description: Images come from Prewarm, which makes their variants when they are uploaded and not when they are viewed.
 * Version: 0.1.0
 * Requires at least: 6.2
 * Requires PHP: 7.4
 * License: MIT
 */

namespace Prewarm;

// Settings are constants of wp-config.php: PREWARM_URL, PREWARM_HOOK, PREWARM_SECRET, and PREWARM_CLIENT and PREWARM_PREFIX if needed.
if (!defined('ABSPATH') || !defined('PREWARM_URL')) return;

/** What `prewarm print client --json` prints for the default configuration. */
const DEFAULTS = [
    'maxPx' => 2048,
    'passThrough' => ['svg', 'gif', 'ico'],
    'pages' => [
        'widths' => [320, 480, 640, 828, 1080, 1440, 1920],
        'formats' => ['auto'],
        'ratios' => [],
    ],
];
/** Seconds that an upload in WordPress waits for the hook. Cron sends again what the hook has not taken by then. */
const TIMEOUT = 5;
/** A delivery is sent this often, a minute after the first time, and then after twice the last pause: for 17 hours. */
const TRIES = 11;
/** The hook takes 1 MiB; an item has less than 4 kB. */
const ITEMS = 200;

function settings(): array {
    static $settings = null;
    if ($settings === null) {
        $given = defined('PREWARM_CLIENT') ? json_decode(PREWARM_CLIENT, true) : [];
        $settings = $given + DEFAULTS;
        $settings['pages'] += DEFAULTS['pages'];
    }
    return $settings;
}

/* URLs: the rules of @prewarm/client, for whole pictures and for declared ratios. */

function passes_through(string $id): bool {
    return in_array(strtolower(pathinfo($id, PATHINFO_EXTENSION)), settings()['passThrough'], true);
}

/** Width : height of the ratio to which uploads crop, if the box has it; null: the whole picture. */
function ratio_of(int $width, int $height): ?float {
    foreach (settings()['pages']['ratios'] as $ratio) {
        [$w, $h] = explode(':', $ratio);
        if ((int) round($width * $h / $w) === $height) return $w / $h;
    }
    return null;
}

/** The widths that uploads make, ascending, in px. */
function steps(?float $ratio): array {
    $all = settings()['pages']['widths'];
    return $ratio === null ? $all : array_filter($all, fn($w) => round($w / $ratio) <= settings()['maxPx']);
}

/** The URL of the picture that is at least `$width` px wide, or of the widest. */
function url(array $ref, int $width, ?float $ratio = null): string {
    $plain = ['%21' => '!', '%2A' => '*', '%27' => "'", '%28' => '(', '%29' => ')'];
    $url = rtrim(PREWARM_URL, '/') . '/images/' . strtr(implode('/', array_map('rawurlencode', explode('/', $ref['id']))), $plain);
    $steps = steps($ratio);
    $wide = array_filter($steps, fn($step) => $step >= $width);
    $w = $wide ? reset($wide) : end($steps);
    $h = $ratio === null ? null : (int) round($w / $ratio);
    $asked = passes_through($ref['id']) ? [] : ['w' => $w, 'h' => $h, 'f' => settings()['pages']['formats'][0]];
    $query = http_build_query($asked + ['v' => $ref['v']], '', '&');
    return $query === '' ? $url : "$url?$query";
}

/** Candidates of a `srcset`, as WordPress lists them: by the picture's own width. Nothing is enlarged, so the list ends with the whole original. */
function sources(array $ref, ?float $ratio): array {
    $most = (int) round($ratio === null ? $ref['width'] : min($ref['width'], $ref['height'] * $ratio));
    $sources = [];
    foreach (passes_through($ref['id']) ? [] : array_intersect(settings()['pages']['widths'], steps($ratio)) as $step) {
        $shown = min($step, $most);
        $sources[$shown] ??= ['url' => url($ref, $step, $ratio), 'descriptor' => 'w', 'value' => $shown];
    }
    return $sources;
}

/* Pages. The database keeps WordPress's own URLs, so a site without the plugin has its images as before. */

/** Versions that were announced, by id: of an edited image more than one. */
const TOLD = '_prewarm_told';

function told($attachment): array {
    return get_post_meta($attachment, TOLD, true) ?: [];
}

/** Null for what is no image. */
function ref_of($attachment): ?array {
    $meta = wp_attachment_is_image($attachment) ? wp_get_attachment_metadata($attachment) : null;
    if (!isset($meta['file'], $meta['width'], $meta['height'])) return null;
    $id = (defined('PREWARM_PREFIX') ? PREWARM_PREFIX : '') . $meta['file'];
    return ['id' => $id, 'v' => told($attachment)[$id] ?? null, 'width' => $meta['width'], 'height' => $meta['height']];
}

/** The ref of what a page shows; null in the administration and its API, which get WordPress's own URLs. */
function shown($attachment): ?array {
    return is_admin() || (defined('REST_REQUEST') && REST_REQUEST) ? null : ref_of($attachment);
}

/** What a box shows of a picture: null, all; a number, the crop of this ratio that uploads make; false, a crop that CSS must make. */
function crop_of(array $ref, int $width, int $height) {
    return wp_image_matches_ratio($ref['width'], $ref['height'], $width, $height) ? null : ratio_of($width, $height) ?? false;
}

function style(string $style, array $ref, int $width, int $height): string {
    $isCut = $height > 0 && crop_of($ref, $width, $height) === false;
    return $isCut ? ltrim("$style;aspect-ratio:$width/$height;object-fit:cover", ';') : $style;
}

add_filter('wp_get_attachment_image_src', function ($image, $attachment) {
    $ref = $image ? shown($attachment) : null;
    if ($ref !== null) $image[0] = url($ref, $image[1], crop_of($ref, $image[1], $image[2]) ?: null);
    return $image;
}, 10, 2);

// WordPress gives an image without sizes of its own no srcset. Sites may switch these sizes off, so the original is listed as one.
add_filter('wp_calculate_image_srcset_meta', function ($meta, $box, $src, $attachment) {
    if (shown($attachment) === null || !empty($meta['sizes'])) return $meta;
    $whole = ['file' => wp_basename($meta['file']), 'width' => $meta['width'], 'height' => $meta['height']];
    return ['sizes' => ['whole' => $whole]] + $meta;
}, 10, 4);

add_filter('wp_calculate_image_srcset', function ($sources, $box, $src, $meta, $attachment) {
    $ref = shown($attachment);
    return $ref === null ? $sources : sources($ref, crop_of($ref, $box[0], $box[1]) ?: null);
}, 10, 5);

add_filter('wp_get_attachment_image_attributes', function ($attributes, $attachment, $size) {
    $ref = shown($attachment->ID);
    $image = $ref === null ? false : wp_get_attachment_image_src($attachment->ID, $size);
    if (!$image) return $attributes;
    return array_filter(['style' => style($attributes['style'] ?? '', $ref, $image[1], $image[2])]) + $attributes;
}, 10, 3);

// Images in texts have WordPress's own URLs, and the attachment's number in a class.
add_filter('wp_content_img_tag', function ($html, $context, $attachment) {
    $ref = $attachment ? shown($attachment) : null;
    $tag = new \WP_HTML_Tag_Processor($html);
    if ($ref === null || !$tag->next_tag('img')) return $html;
    $meta = wp_get_attachment_metadata($attachment);
    $box = wp_image_src_get_dimensions((string) $tag->get_attribute('src'), $meta, $attachment);
    if (!$box) return $html;
    $style = style((string) $tag->get_attribute('style'), $ref, $box[0], $box[1]);
    if ($style !== '') $tag->set_attribute('style', $style);
    $tag->set_attribute('src', url($ref, $box[0], crop_of($ref, $box[0], $box[1]) ?: null));
    return $tag->get_updated_html();
}, 10, 3);

/* Uploads, replacements and deletions. One delivery at the end of a request, because WordPress saves an upload's metadata after each of its sizes. */

/** Attachments to announce, and ids to delete, when the request ends. */
function &pending(): array {
    static $pending = ['uploaded' => [], 'deleted' => []];
    return $pending;
}

add_filter('wp_update_attachment_metadata', function ($meta, $attachment) {
    pending()['uploaded'][$attachment] = true;
    return $meta;
}, 10, 2);

add_action('delete_attachment', function ($attachment) {
    $ref = ref_of($attachment);
    if ($ref === null) return;
    unset(pending()['uploaded'][$attachment]);
    pending()['deleted'] += told($attachment) + [$ref['id'] => null];
});

add_action('shutdown', function () {
    if (!defined('PREWARM_HOOK') || !defined('PREWARM_SECRET')) return;
    $items = [];
    foreach (array_keys(pending()['uploaded']) as $attachment) {
        $ref = ref_of($attachment);
        $hash = $ref === null ? false : @md5_file(get_attached_file($attachment));
        // A version is a word of the bytes: the URLs of a replaced file are new, and old ones keep the old picture.
        $v = $hash === false ? null : substr($hash, 0, 8);
        if ($ref === null || ($v !== null && $v === $ref['v'])) continue;
        $items[] = array_filter(['id' => $ref['id'], 'v' => $v]);
        update_post_meta($attachment, TOLD, [$ref['id'] => $v] + told($attachment));
    }
    // First, since a name that became free may be given again in the same request.
    tell('image.deleted', array_map(fn($id) => ['id' => (string) $id], array_keys(pending()['deleted'])));
    tell('image.uploaded', $items);
});

function tell(string $type, array $items): void {
    foreach (array_chunk($items, ITEMS) as $chunk)
        deliver(wp_generate_uuid4(), wp_json_encode(['type' => $type, 'data' => ['items' => $chunk]]));
}

/** Sends a delivery as Standard Webhooks. A repeat has the same id, so that Prewarm does the work once. */
function deliver(string $id, string $body, int $try = 1): void {
    // Written first: what is lost in the middle of the request is sent by cron.
    $again = [time() + 30 * 2 ** $try, 'prewarm_deliver', [$id, $body, $try + 1]];
    if ($try < TRIES) wp_schedule_single_event(...$again);
    $time = time();
    $mac = hash_hmac('sha256', "$id.$time.$body", base64_decode(preg_replace('/^whsec_/', '', PREWARM_SECRET)), true);
    $headers = [
        'content-type' => 'application/json',
        'webhook-id' => $id,
        'webhook-timestamp' => (string) $time,
        'webhook-signature' => 'v1,' . base64_encode($mac),
    ];
    $answer = wp_remote_post(PREWARM_HOOK, ['timeout' => TIMEOUT, 'redirection' => 0, 'headers' => $headers, 'body' => $body]);
    $status = (int) wp_remote_retrieve_response_code($answer);
    if ($status !== 202) error_log("prewarm: the hook answers $status, try $try of " . TRIES);
    // The sender's secret or clock may be corrected; a body that cannot be read stays as it is.
    if ($status === 202 || in_array($status, [400, 413, 422], true)) wp_unschedule_event(...$again);
}

add_action('prewarm_deliver', __NAMESPACE__ . '\deliver', 10, 3);
