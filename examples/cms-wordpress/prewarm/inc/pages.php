<?php
namespace Prewarm;

defined('ABSPATH') || exit;

/* Pages. The database keeps WordPress's own URLs, so a site without the plugin has its images as before. */

/** What was announced, as `v` and `focal` by id: an edited image has more than one id. */
const TOLD = '_prewarm_told';

function told($attachment): array {
    return get_post_meta($attachment, TOLD, true) ?: [];
}

/** Null for what is no image. */
function ref_of($attachment): ?array {
    $meta = wp_attachment_is_image($attachment) ? wp_get_attachment_metadata($attachment) : null;
    if (!isset($meta['file'], $meta['width'], $meta['height'])) return null;
    $id = (defined('PREWARM_PREFIX') ? PREWARM_PREFIX : '') . $meta['file'];
    return ['id' => $id, 'v' => told($attachment)[$id]['v'] ?? null, 'width' => $meta['width'], 'height' => $meta['height']];
}

/** The ref of what a page shows; null in the administration and its API, which get WordPress's own URLs. */
function shown($attachment): ?array {
    $isApi = defined('REST_REQUEST') && REST_REQUEST;
    return setting('url') === '' || $isApi || (is_admin() && !is_view()) ? null : ref_of($attachment);
}

/** Whether a page asked for a part of itself, such as the next posts. WordPress answers it and the administration at one address. */
function is_view(): bool {
    return wp_doing_ajax() && strpos((string) wp_get_raw_referer(), admin_url()) !== 0;
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
