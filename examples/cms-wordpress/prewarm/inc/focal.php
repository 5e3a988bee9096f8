<?php
namespace Prewarm;

defined('ABSPATH') || exit;

/** The point of an image that an author chose in a block, as `[x, y]`: shares of its width and height. */
const FOCAL = '_prewarm_focal';

/** The point that crops keep, as `[x, y]` from 0 to 1; null: none. The filter `prewarm_focal` hands on the point of another plugin. */
function focal_of($attachment): ?array {
    $focal = apply_filters('prewarm_focal', get_post_meta($attachment, FOCAL, true) ?: null, (int) $attachment);
    if (!is_array($focal) || count($focal) !== 2) return null;
    $focal = array_map(fn($share) => is_numeric($share) ? round((float) $share, 4) : -1, array_values($focal));
    return min($focal) >= 0 && max($focal) <= 1 ? $focal : null;
}

// Cover, and Media & Text: the only points that WordPress itself knows. The editor writes none for the centre, so a point stays until another is chosen.
// The point is the attachment's, on every page of the site, so a draft of someone who may not edit the attachment does not move it.
add_action('wp_after_insert_post', function ($id, $post) {
    if (wp_is_post_revision($id) || strpos($post->post_content, '"focalPoint"') === false) return;
    foreach (points(parse_blocks($post->post_content), (int) get_post_thumbnail_id($id)) as $attachment => $point)
        if (wp_attachment_is_image($attachment) && current_user_can('edit_post', $attachment)) update_post_meta($attachment, FOCAL, $point);
}, 10, 2);

/** `[x, y]` by attachment, of blocks and of those within them. */
function points(array $blocks, int $featured): array {
    $points = [];
    foreach ($blocks as ['attrs' => $attrs, 'innerBlocks' => $inner]) {
        $attachment = !empty($attrs['useFeaturedImage']) ? $featured : (int) ($attrs['id'] ?? $attrs['mediaId'] ?? 0);
        $point = $attrs['focalPoint'] ?? null;
        if ($attachment && isset($point['x'], $point['y'])) $points[$attachment] = [$point['x'], $point['y']];
        $points = points($inner, $featured) + $points;
    }
    return $points;
}
