<?php
namespace Prewarm;

defined('ABSPATH') || exit;

/*
 * The library that was there before the plugin, announced by cron in parts. A part is written before it is sent, and repeated under its id until
 * the hook has taken it: an ended process and the hook's limit of a day delay it only.
 */

/** The option with the progress, and cron's event. */
const LIBRARY = 'prewarm_library';
const EVERY_MINUTE = 'prewarm_minute';
/** Seconds after which a run of cron begins no further part. */
const RUN = 10;
/** Seconds that files are read for one part. */
const PART = 10;

add_filter('cron_schedules', fn($all) => $all + [EVERY_MINUTE => ['interval' => MINUTE_IN_SECONDS, 'display' => __('Every minute', 'prewarm')]]);

/** SQL of the attachments that are images; a picture of lines has no variants. */
function images_in_library(): string {
    global $wpdb;
    return "FROM {$wpdb->posts} WHERE post_type = 'attachment' AND SUBSTR(post_mime_type, 1, 6) = 'image/' AND post_mime_type <> 'image/svg+xml' AND post_status <> 'trash'";
}

function count_library(): int {
    global $wpdb;
    return (int) $wpdb->get_var('SELECT COUNT(*) ' . images_in_library());
}

function count_told(): int {
    global $wpdb;
    return (int) $wpdb->get_var($wpdb->prepare("SELECT COUNT(DISTINCT post_id) FROM {$wpdb->postmeta} WHERE meta_key = %s", TOLD));
}

/** Null: never begun. `done` of `total` images are announced, and the hook cannot use `refused` of them. `until`: no part is sent before. */
function progress(): ?array {
    return get_option(LIBRARY, null);
}

function is_announcing(): bool {
    return (bool) wp_next_scheduled(LIBRARY);
}

/** Begins from the first image, or goes on where an unfinished run stands. */
function announce_library(): void {
    if (!has_hook() || is_announcing()) return;
    $old = progress();
    $isOpen = $old !== null && !$old['isDone'];
    $new = ['total' => count_library(), 'done' => 0, 'refused' => 0, 'after' => 0, 'part' => null, 'isDone' => false];
    update_option(LIBRARY, ['until' => 0] + ($isOpen ? $old : $new), false);
    wp_schedule_event(time(), EVERY_MINUTE, LIBRARY);
}

add_action(LIBRARY, function () {
    $end = time() + RUN;
    while (announce_part() && time() < $end);
});

/** Announces the next part. False: there is nothing more to do now. */
function announce_part(): bool {
    $run = progress();
    if ($run === null || $run['isDone'] || time() < $run['until'] || !has_hook()) return false;
    $run['part'] ??= next_part($run['after']);
    if ($run['part'] === null) {
        wp_clear_scheduled_hook(LIBRARY);
        update_option(LIBRARY, ['isDone' => true] + $run, false);
        return false;
    }
    update_option(LIBRARY, $run, false);
    ['id' => $id, 'body' => $body, 'last' => $last, 'count' => $count] = $run['part'];
    ['status' => $status, 'retry' => $retry, 'refused' => $refused] = send($id, $body);
    if (in_array($status, IS_FINAL, true)) wp_clear_scheduled_hook(LIBRARY);
    $next = $status === 202
        ? ['after' => $last, 'part' => null, 'done' => $run['done'] + $count, 'refused' => $run['refused'] + $refused]
        : ['until' => time() + max($retry, MINUTE_IN_SECONDS)];
    update_option(LIBRARY, $next + $run, false);
    return $status === 202;
}

/** The next images behind an attachment as a delivery; null: there is none. */
function next_part(int $after): ?array {
    global $wpdb;
    $ids = $wpdb->get_col($wpdb->prepare('SELECT ID ' . images_in_library() . ' AND ID > %d ORDER BY ID LIMIT %d', $after, ITEMS));
    if (!$ids) return null;
    $end = time() + PART;
    $items = [];
    $count = 0;
    foreach ($ids as $last) {
        $items[] = item_of((int) $last);
        $count += 1;
        if (time() >= $end) break;
    }
    $body = body_of('image.uploaded', array_values(array_filter($items)));
    return ['id' => wp_generate_uuid4(), 'body' => $body, 'last' => (int) $last, 'count' => $count];
}
