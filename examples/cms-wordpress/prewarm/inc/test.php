<?php
namespace Prewarm;

defined('ABSPATH') || exit;

/* *Send a test*: a delivery that the hook takes and that makes nothing, and a look at the newest image. */

/** The option with the last test: `hook` and `pages`, a sentence each, and `time`. */
const TEST = 'prewarm_test';

function run_test(): void {
    $hook = has_hook() ? send(wp_generate_uuid4(), wp_json_encode(['type' => 'test', 'data' => (object) []])) : null;
    $said = $hook === null ? __('Hook and secret are missing.', 'prewarm') : hook_says($hook);
    update_option(TEST, ['time' => time(), 'hook' => $said, 'pages' => look_at_newest()], false);
}

/** What an answer of the hook means, and what to do. */
function hook_says(array $answer): string {
    ['status' => $status, 'error' => $error] = $answer;
    $sentences = [
        /* translators: %s: the error of the connection */
        0 => sprintf(__('The hook gives no answer: %s', 'prewarm'), $error),
        202 => __('The hook took it.', 'prewarm'),
        401 => __('The hook refuses the signature (401). Compare the secret with HOOK_SECRET, the address, and this server\'s clock.', 'prewarm'),
        404 => __('There is no such hook (404). Compare the address.', 'prewarm'),
        429 => __('The hook takes no more at the moment (429): its limit of the day, or a full queue. It is sent again by itself.', 'prewarm'),
        503 => __('Prewarm is not ready (503). It is sent again by itself; `prewarm log hooks` says why.', 'prewarm'),
    ];
    /* translators: %d: the status of the answer */
    return $sentences[$status] ?? sprintf(__('The address of the hook answers %d, which Prewarm does not. `prewarm log hooks` says more.', 'prewarm'), $status);
}

/** How much of the newest image is stored. */
function look_at_newest(): string {
    if (setting('url') === '') return __('The address of images is missing, so pages show WordPress\'s own.', 'prewarm');
    $newest = get_posts(['post_type' => 'attachment', 'post_mime_type' => 'image', 'post_status' => 'inherit', 'numberposts' => 1, 'orderby' => 'ID']);
    $ref = $newest ? ref_of($newest[0]->ID) : null;
    if ($ref === null) return __('The library has no image yet.', 'prewarm');
    $answer = wp_remote_get(path_of('/info/', $ref), ['timeout' => TIMEOUT, 'redirection' => 0, 'limit_response_size' => ANSWER]);
    if (is_wp_error($answer)) return sprintf(/* translators: %s: the error */ __('The address of images gives no answer: %s', 'prewarm'), $answer->get_error_message());
    $info = json_decode(wp_remote_retrieve_body($answer), true);
    $status = (int) wp_remote_retrieve_response_code($answer);
    if (!is_array($info)) return sprintf(/* translators: %d: the status */ __('The address of images answers %d, and not as Prewarm does. Compare it.', 'prewarm'), $status);
    if ($status === 404) return sprintf(/* translators: %s: a file's name */ __('Nothing is stored of %s, the newest image. Announce the library.', 'prewarm'), $ref['id']);
    if ($status !== 200) return sprintf(/* translators: %d: the status */ __('The address of images answers %d.', 'prewarm'), $status);
    $widths = config()['pages']['widths'];
    $stored = count(array_intersect($widths, (array) ($info['widths'] ?? [])));
    /* translators: 1: a file's name, 2: widths that are stored, 3: widths of pages */
    return sprintf(__('%1$s, the newest image: %2$d of %3$d widths are stored.', 'prewarm'), $ref['id'], $stored, count($widths));
}
