<?php
/**
 * Plugin Name: Prewarm
 * Description: Images come from Prewarm, which makes their variants when they are uploaded and not when they are viewed.
 * Version: 0.1.0
 * Requires at least: 6.2
 * Requires PHP: 7.4
 * License: MIT
 * Text Domain: prewarm
 */

namespace Prewarm;

defined('ABSPATH') || exit;

foreach (['settings', 'urls', 'pages', 'focal', 'uploads', 'library', 'test', 'admin'] as $part) require __DIR__ . "/inc/$part.php";

register_deactivation_hook(__FILE__, fn() => wp_clear_scheduled_hook(LIBRARY));
