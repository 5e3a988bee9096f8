<?php
namespace Prewarm;

defined('ABSPATH') || exit;

/* URLs: the rules of @prewarm/client, for whole pictures and for declared ratios. */

function passes_through(string $id): bool {
    return in_array(strtolower(pathinfo($id, PATHINFO_EXTENSION)), config()['passThrough'], true);
}

/** Width : height of the ratio to which uploads crop, if the box has it; null: the whole picture. */
function ratio_of(int $width, int $height): ?float {
    foreach (config()['pages']['ratios'] as $ratio) {
        [$w, $h] = explode(':', $ratio);
        if ((int) round($width * $h / $w) === $height) return $w / $h;
    }
    return null;
}

/** The widths that uploads make, ascending, in px. */
function steps(?float $ratio): array {
    $all = config()['pages']['widths'];
    return $ratio === null ? $all : array_filter($all, fn($w) => round($w / $ratio) <= config()['maxPx']);
}

/** An address of an image below the edge's. */
function path_of(string $start, array $ref): string {
    $plain = ['%21' => '!', '%2A' => '*', '%27' => "'", '%28' => '(', '%29' => ')'];
    return rtrim(setting('url'), '/') . $start . strtr(implode('/', array_map('rawurlencode', explode('/', $ref['id']))), $plain);
}

/** The URL of the picture that is at least `$width` px wide, or of the widest. */
function url(array $ref, int $width, ?float $ratio = null): string {
    $url = path_of('/images/', $ref);
    $steps = steps($ratio);
    $wide = array_filter($steps, fn($step) => $step >= $width);
    $w = $wide ? reset($wide) : end($steps);
    $h = $ratio === null ? null : (int) round($w / $ratio);
    $asked = passes_through($ref['id']) ? [] : ['w' => $w, 'h' => $h, 'f' => config()['pages']['formats'][0]];
    $query = http_build_query($asked + ['v' => $ref['v']], '', '&');
    return $query === '' ? $url : "$url?$query";
}

/** Candidates of a `srcset`, as WordPress lists them: by the picture's own width. Nothing is enlarged, so the list ends with the whole original. */
function sources(array $ref, ?float $ratio): array {
    $most = (int) round($ratio === null ? $ref['width'] : min($ref['width'], $ref['height'] * $ratio));
    $sources = [];
    foreach (passes_through($ref['id']) ? [] : array_intersect(config()['pages']['widths'], steps($ratio)) as $step) {
        $shown = min($step, $most);
        $sources[$shown] ??= ['url' => url($ref, $step, $ratio), 'descriptor' => 'w', 'value' => $shown];
    }
    return $sources;
}
