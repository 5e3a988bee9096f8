<?php
namespace Prewarm;

defined('ABSPATH') || exit;

/* Settings → Prewarm: the state, three fields and two buttons. */

const PAGE = 'prewarm';
const MAY = 'manage_options';
/** The buttons: what each does. Its name is also that of its nonce. */
const BUTTONS = ['prewarm_test' => 'run_test', 'prewarm_announce' => 'announce_library'];
/** Replaces the state on the page while the library is announced. */
const RENEW = <<<'JS'
const renew = async () => {
  const page = new DOMParser().parseFromString(await (await fetch(location.href)).text(), "text/html").getElementById("prewarm-state");
  if (page) document.getElementById("prewarm-state").replaceWith(page);
  if (page?.dataset.announcing) setTimeout(renew, 5000);
};
if (document.getElementById("prewarm-state").dataset.announcing) setTimeout(renew, 5000);
JS;

add_action('admin_menu', fn() => add_options_page('Prewarm', 'Prewarm', MAY, PAGE, __NAMESPACE__ . '\print_page'));

add_action('admin_init', function () {
    register_setting(PAGE, OPTION, ['type' => 'array', 'sanitize_callback' => __NAMESPACE__ . '\sanitize']);
});

add_filter('plugin_action_links_prewarm/prewarm.php', function ($links) {
    return array_merge([sprintf('<a href="%s">%s</a>', esc_url(page_url()), esc_html__('Settings', 'prewarm'))], $links);
});

foreach (BUTTONS as $name => $act)
    add_action("admin_post_$name", function () use ($name, $act) {
        if (!current_user_can(MAY)) wp_die(esc_html__('You may not change these settings.', 'prewarm'), '', 403);
        check_admin_referer($name);
        (__NAMESPACE__ . "\\$act")();
        wp_safe_redirect(page_url());
        exit;
    });

function page_url(): string {
    return admin_url('options-general.php?page=' . PAGE);
}

function print_page(): void {
    if (!current_user_can(MAY)) return;
    echo '<div class="wrap"><h1>Prewarm</h1>';
    print_state();
    print_button('prewarm_test', __('Send a test', 'prewarm'));
    $isOpen = (progress()['isDone'] ?? true) === false;
    if (has_hook() && !is_announcing()) print_button('prewarm_announce', $isOpen ? __('Go on', 'prewarm') : __('Announce the library', 'prewarm'));
    print_form();
    echo '</div>';
    wp_print_inline_script_tag(RENEW);
}

/** What works, at a glance. Asks no other server. */
function print_state(): void {
    $rows = [
        __('Pages', 'prewarm') => setting('url') === '' ? __('show WordPress\'s own images', 'prewarm') : __('show images of', 'prewarm') . ' ' . setting('url'),
        __('Uploads', 'prewarm') => uploads_state(),
        __('Library', 'prewarm') => library_state(),
        __('Last test', 'prewarm') => test_state(),
    ];
    printf('<table id="prewarm-state" class="widefat striped" data-announcing="%s"><tbody>', is_announcing() ? '1' : '');
    foreach ($rows as $name => $text) printf('<tr><th scope="row">%s</th><td>%s</td></tr>', esc_html($name), esc_html($text));
    echo '</tbody></table>';
}

function uploads_state(): string {
    if (!has_hook()) return __('are not announced: hook and secret are missing', 'prewarm');
    $last = get_option(LAST);
    $said = is_array($last) ? ago($last['time']) . ': ' . last_says() : __('will be announced', 'prewarm');
    $waiting = array_sum(array_map(fn($hooks) => count($hooks[DELIVER] ?? []), array_filter((array) _get_cron_array(), 'is_array')));
    /* translators: %d: a number of deliveries */
    return $said . ($waiting ? ' ' . sprintf(__('%d deliveries wait to be sent again.', 'prewarm'), $waiting) : '');
}

function library_state(): string {
    $run = progress();
    $isOpen = $run !== null && !$run['isDone'];
    [$done, $total] = $isOpen ? [$run['done'], max($run['done'], $run['total'])] : [count_told(), count_library()];
    /* translators: 1: announced images, 2: all images */
    $said = sprintf(__('%1$s of %2$s images are announced', 'prewarm'), number_format_i18n($done), number_format_i18n($total));
    /* translators: %s: a number of images */
    if (!empty($run['refused'])) $said .= sprintf(__('; Prewarm cannot use %s (`prewarm log hooks`)', 'prewarm'), number_format_i18n($run['refused']));
    if (!$isOpen) return $said;
    if (is_announcing() && $run['until'] <= time()) return $said . ', ' . __('in the background', 'prewarm');
    /* translators: %s: a date and time */
    if (is_announcing()) $said .= '; ' . sprintf(__('the next part is sent at %s', 'prewarm'), wp_date('Y-m-d H:i', $run['until']));
    return "$said. " . last_says();
}

/** The hook's last answer as a sentence; empty: there was none. */
function last_says(): string {
    $last = get_option(LAST);
    return is_array($last) ? hook_says($last) : '';
}

function test_state(): string {
    $test = get_option(TEST);
    return is_array($test) ? ago($test['time']) . ": {$test['hook']} {$test['pages']}" : __('none', 'prewarm');
}

function ago(int $time): string {
    /* translators: %s: a time span */
    return sprintf(__('%s ago', 'prewarm'), human_time_diff($time));
}

function print_button(string $name, string $label): void {
    printf('<form method="post" action="%s" style="display:inline-block;margin-right:1em">', esc_url(admin_url('admin-post.php')));
    printf('<input type="hidden" name="action" value="%s">', esc_attr($name));
    wp_nonce_field($name);
    submit_button($label, 'secondary', "submit_$name");
    echo '</form>';
}

function print_form(): void {
    echo '<form method="post" action="options.php">';
    settings_fields(PAGE);
    echo '<table class="form-table" role="presentation">';
    print_field('url', 'url', __('Address of images', 'prewarm'), 'https://images.example.com', __('Empty: pages show WordPress\'s own images.', 'prewarm'));
    print_field('hook', 'url', __('Address of the hook', 'prewarm'), 'https://control.example.com/hooks/uploads', '');
    $isSet = setting('secret') !== '';
    print_field('secret', 'password', __('Secret of the hook', 'prewarm'), $isSet ? __('is set, and is not shown', 'prewarm') : 'whsec_…', __('The value of HOOK_SECRET. Empty: it stays as it is.', 'prewarm'));
    echo '</table>';
    submit_button();
    echo '</form>';
}

/** A field; one that wp-config.php sets cannot be changed here. The secret is never printed. */
function print_field(string $field, string $type, string $label, string $hint, string $help): void {
    $isConstant = defined(FIELDS[$field]);
    printf('<tr><th scope="row"><label for="prewarm_%1$s">%2$s</label></th><td>', esc_attr($field), esc_html($label));
    printf(
        '<input id="prewarm_%1$s" name="%2$s[%1$s]" type="%3$s" class="regular-text" value="%4$s" placeholder="%5$s" autocomplete="off"%6$s>',
        esc_attr($field),
        esc_attr(OPTION),
        esc_attr($type),
        esc_attr($field === 'secret' ? '' : setting($field)),
        esc_attr($hint),
        $isConstant ? ' disabled' : ''
    );
    /* translators: %s: the name of a constant */
    $text = $isConstant ? sprintf(__('%s of wp-config.php sets it.', 'prewarm'), FIELDS[$field]) : $help;
    printf('<p class="description">%s</p></td></tr>', esc_html($text));
}
