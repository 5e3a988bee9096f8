<?php
namespace Prewarm;

defined('ABSPATH') || exit;

/** The option with the three fields of the settings page. */
const OPTION = 'prewarm';
/** The fields, and the constant of wp-config.php that stands above each. */
const FIELDS = ['url' => 'PREWARM_URL', 'hook' => 'PREWARM_HOOK', 'secret' => 'PREWARM_SECRET'];
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
/** Bytes of a hook's secret, as the standard-webhooks verifier takes them. */
const SECRET_BYTES = [24, 64];

/** A field's value; empty: not set. */
function setting(string $field): string {
    if (defined(FIELDS[$field])) return (string) constant(FIELDS[$field]);
    return (string) (((array) get_option(OPTION, []))[$field] ?? '');
}

/** Whether uploads are announced. */
function has_hook(): bool {
    return setting('hook') !== '' && setting('secret') !== '';
}

/** The part of Prewarm's configuration that URLs depend on. */
function config(): array {
    static $config = null;
    if ($config === null) {
        $given = defined('PREWARM_CLIENT') ? json_decode(PREWARM_CLIENT, true) : [];
        $config = (is_array($given) ? $given : []) + DEFAULTS;
        $config['pages'] += DEFAULTS['pages'];
    }
    return $config;
}

/** The fields as they are stored. A field with a fault keeps the value that it had; an empty secret keeps the secret, which no page prints. */
function sanitize($given): array {
    $given = array_map(fn($text) => is_string($text) ? trim($text) : '', is_array($given) ? $given : []);
    $kept = (array) get_option(OPTION, []);
    $url = preg_replace('#(/images)?/*$#', '', address($given['url'] ?? ''));
    $hook = address($given['hook'] ?? '');
    $secret = $given['secret'] ?? '';
    $faults = [
        'url' => $url === '' && ($given['url'] ?? '') !== '' ? __('The address of images is not an address: https://images.example.com', 'prewarm') : '',
        'hook' => ($given['hook'] ?? '') === '' || preg_match('#/hooks/[\w-]+$#', $hook) ? '' : __('The address of the hook ends with /hooks/ and its name.', 'prewarm'),
        'secret' => $secret === '' || is_secret($secret) ? '' : __('The secret is whsec_ and base64 of 24 to 64 bytes.', 'prewarm'),
    ];
    foreach (array_filter($faults) as $field => $fault) add_settings_error(OPTION, $field, $fault);
    $fields = ['url' => $url, 'hook' => $hook, 'secret' => $secret === '' ? $kept['secret'] ?? '' : $secret];
    foreach (array_keys(array_filter($faults)) as $field) $fields[$field] = $kept[$field] ?? '';
    return $fields;
}

/** An http address with a host; empty: it is none. */
function address(string $text): string {
    $url = esc_url_raw($text, ['https', 'http']);
    return wp_parse_url($url, PHP_URL_HOST) ? $url : '';
}

function is_secret(string $text): bool {
    $bytes = preg_match('#^whsec_[A-Za-z0-9+/]+=*$#', $text) ? strlen((string) base64_decode(substr($text, 6), true)) : 0;
    return $bytes >= SECRET_BYTES[0] && $bytes <= SECRET_BYTES[1];
}
