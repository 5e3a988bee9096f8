<?php
defined('WP_UNINSTALL_PLUGIN') || exit;

/** Takes away all that the plugin has written into a site. */
function prewarm_uninstall(): void {
    foreach (['prewarm', 'prewarm_last', 'prewarm_library', 'prewarm_test'] as $option) delete_option($option);
    foreach (['_prewarm_told', '_prewarm_focal'] as $key) delete_post_meta_by_key($key);
    foreach (['prewarm_library', 'prewarm_deliver'] as $event) wp_unschedule_hook($event);
}

foreach (is_multisite() ? get_sites(['fields' => 'ids', 'number' => 0]) : [0] as $site) {
    if ($site) switch_to_blog($site);
    prewarm_uninstall();
    if ($site) restore_current_blog();
}
