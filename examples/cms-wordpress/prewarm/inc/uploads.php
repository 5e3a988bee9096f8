<?php
namespace Prewarm;

defined('ABSPATH') || exit;

/* Uploads, replacements and deletions. One delivery at the end of a request, because WordPress saves an upload's metadata after each of its sizes. */

/** Seconds that a request of WordPress waits for Prewarm. Cron sends again what the hook has not taken by then, and waits longer. */
const TIMEOUT = 5;
const CRON_TIMEOUT = 30;
/** A delivery is sent this often, a minute after the first time, and then after twice the last pause: for 17 hours. */
const TRIES = 11;
/** The hook takes 1 MiB; an item has less than 4 kB. */
const ITEMS = 200;
/** Bytes of an answer that are read: it names each of 200 items at most. */
const ANSWER = 262144;
/** Answers to a body that the hook would refuse again. Secret, clock and configuration may be corrected meanwhile. */
const IS_FINAL = [400, 413, 422];
/** The option with the hook's last answer. */
const LAST = 'prewarm_last';
/** Cron's event for a delivery that is sent again. */
const DELIVER = 'prewarm_deliver';

/** Attachments to announce, and ids to delete, when the request ends. */
function &pending(): array {
    static $pending = ['uploaded' => [], 'deleted' => []];
    return $pending;
}

add_filter('wp_update_attachment_metadata', function ($meta, $attachment) {
    pending()['uploaded'][$attachment] = true;
    return $meta;
}, 10, 2);

// A focal point is in metadata too, of this plugin or of another one.
foreach (['added', 'updated', 'deleted'] as $done)
    add_action("{$done}_post_meta", function ($row, $post) {
        $ref = get_post_type($post) === 'attachment' ? ref_of($post) : null;
        if ($ref !== null && focal_of($post) !== (told($post)[$ref['id']]['focal'] ?? null)) pending()['uploaded'][$post] = true;
    }, 10, 2);

add_action('delete_attachment', function ($attachment) {
    $ref = ref_of($attachment);
    if ($ref !== null) pending()['deleted'] += told($attachment) + [$ref['id'] => null];
});

add_action('shutdown', function () {
    if (!has_hook()) return;
    // First, since a name that became free may be given again in the same request.
    tell('image.deleted', array_map(fn($id) => ['id' => (string) $id], array_keys(pending()['deleted'])));
    tell('image.uploaded', array_values(array_filter(array_map(__NAMESPACE__ . '\news_of', array_keys(pending()['uploaded'])))));
});

/** What the hook is told of an image; null: it knows all of it, or this is no image. */
function news_of($attachment): ?array {
    $before = told($attachment);
    $item = item_of($attachment);
    // Without its bytes nobody knows whether it was replaced.
    return $item === null || (isset($item['v']) && told($attachment)[$item['id']] === ($before[$item['id']] ?? null)) ? null : $item;
}

/** The hook's item of an image, which is noted as told; null: this is no image. */
function item_of($attachment): ?array {
    $ref = ref_of($attachment);
    if ($ref === null) return null;
    $before = told($attachment);
    $hash = @md5_file((string) get_attached_file($attachment));
    // A version is a word of the bytes: the URLs of a replaced file are new, and old ones keep the old picture.
    $now = ['v' => $hash === false ? null : substr($hash, 0, 8), 'focal' => focal_of($attachment)];
    update_post_meta($attachment, TOLD, [$ref['id'] => $now] + $before);
    // Null takes a point back, and an item without one leaves it.
    return array_filter(['id' => $ref['id']] + $now) + (isset($before[$ref['id']]['focal']) ? ['focal' => null] : []);
}

function tell(string $type, array $items): void {
    foreach (array_chunk($items, ITEMS) as $chunk) deliver(wp_generate_uuid4(), body_of($type, $chunk));
}

function body_of(string $type, array $items): string {
    return wp_json_encode(['type' => $type, 'data' => ['items' => $items]]);
}

/** Sends a delivery, until the hook has taken it. A repeat has the same id, so that Prewarm does the work once. */
function deliver(string $id, string $body, int $try = 1): void {
    // Written first: what is lost in the middle of the request is sent by cron.
    $again = [time() + 30 * 2 ** $try, DELIVER, [$id, $body, $try + 1]];
    if ($try < TRIES) wp_schedule_single_event(...$again);
    ['status' => $status] = send($id, $body);
    if ($status !== 202) error_log("prewarm: the hook answers $status, try $try of " . TRIES);
    if ($status === 202 || in_array($status, IS_FINAL, true)) wp_unschedule_event(...$again);
}

add_action(DELIVER, __NAMESPACE__ . '\deliver', 10, 3);

/**
 * Sends a body once, signed as Standard Webhooks, and notes the answer. `status` 0: there was none, and `error` says why. `retry`: seconds that
 * the hook asks to wait. `refused`: items that it cannot use.
 */
function send(string $id, string $body): array {
    $time = time();
    $key = base64_decode(preg_replace('/^whsec_/', '', setting('secret')));
    $headers = [
        'content-type' => 'application/json',
        'webhook-id' => $id,
        'webhook-timestamp' => (string) $time,
        'webhook-signature' => 'v1,' . base64_encode(hash_hmac('sha256', "$id.$time.$body", $key, true)),
    ];
    $sent = ['timeout' => wp_doing_cron() ? CRON_TIMEOUT : TIMEOUT, 'redirection' => 0, 'headers' => $headers, 'body' => $body, 'limit_response_size' => ANSWER];
    $answer = wp_remote_post(setting('hook'), $sent);
    $error = is_wp_error($answer) ? $answer->get_error_message() : '';
    $last = ['time' => $time, 'status' => (int) wp_remote_retrieve_response_code($answer), 'error' => $error];
    update_option(LAST, $last, false);
    $refused = json_decode(wp_remote_retrieve_body($answer), true)['rejected'] ?? [];
    return $last + ['retry' => (int) wp_remote_retrieve_header($answer, 'retry-after'), 'refused' => is_array($refused) ? count($refused) : 0];
}
