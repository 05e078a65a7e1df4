<?php
// php link.php KEY NAME '/qrcode?path=https%3A%2F%2Fexample.com' 600

function wxedge_link(string $key, string $name, string $target, int $seconds): string
{
    $joint = str_contains($target, '?') ? '&' : '?';
    $text = $target . $joint . 'wx_by=' . rawurlencode($name) . '&wx_exp=' . (time() + $seconds);
    $mac = hash_hmac('sha256', $text, hash('sha256', $key, true), true);
    return $text . '&wx_sig=' . rtrim(strtr(base64_encode($mac), '+/', '-_'), '=');
}

[, $key, $name, $target, $seconds] = $argv;
echo wxedge_link($key, $name, $target, (int) $seconds), "\n";
