<?php
function sign(string $path, array $params, string $key): string {
    ksort($params);
    $mac = hash_hmac('sha256', $path . '?' . http_build_query($params), $key, true);
    return rtrim(strtr(base64_encode($mac), '+/', '-_'), '=');
}
