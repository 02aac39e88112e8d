<?php
const UPLOADS = '/srv/www/shop/shared/uploads';

function db(): PDO
{
    static $base = null;
    $base ??= new PDO('sqlite:/srv/www/shop/shared/shop.db', null, null, [PDO::ATTR_DEFAULT_FETCH_MODE => PDO::FETCH_ASSOC, PDO::ATTR_TIMEOUT => 3]);
    return $base;
}

function products(string $sql, array $with = []): array
{
    $found = db()->prepare($sql);
    $found->execute($with);
    return $found->fetchAll();
}

function page(string $title, array $rows): void
{
    ob_start();
    include __DIR__ . '/templates/list.php';
    $html = ob_get_clean();
    file_put_contents('/srv/www/shop/shared/cache/' . md5($_SERVER['REQUEST_URI']) . '.html', $html);
    echo $html;
}

function note(string $words): void
{
    @file_put_contents('/var/log/shop/shop.log', date('c') . ' ' . ($_SERVER['HTTP_X_REAL_IP'] ?? '-') . " $words\n", FILE_APPEND);
}
