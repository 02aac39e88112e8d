<?php
// Front page of the shop: every request comes here.
require __DIR__ . '/../lib.php';
$path = parse_url($_SERVER['REQUEST_URI'], PHP_URL_PATH);
if ($path === '/health') { header('Content-Type: application/json'); echo json_encode(['up' => true, 'release' => basename(dirname(__DIR__))]), "\n"; return; }
if ($path === '/robots.txt') { header('Content-Type: text/plain'); echo "User-agent: *\nDisallow: /cart\n"; return; }
if ($path === '/') { page('Outdoor things', products('select * from product order by id limit 12')); return; }
if ($path === '/product') { page('One product', products('select * from product where id = ?', [(int)($_GET['id'] ?? 1)])); return; }
if ($path === '/search') { page('Found', products('select * from product where name like ? limit 20', ['%' . ($_GET['q'] ?? '') . '%'])); return; }
if ($path === '/cart') {
    if ($_SERVER['REQUEST_METHOD'] === 'POST') {
        db()->prepare('insert into cart values(datetime(), ?, ?, ?)')->execute([(int)$_POST['item'], (int)$_POST['count'], substr($_POST['note'] ?? '', 0, 60)]);
        note('cart ' . (int)$_POST['item']);
    }
    page('Cart', db()->query('select at as name, count as price, item as stock, item as id from cart order by at desc limit 5')->fetchAll());
    return;
}
if ($path === '/upload' && $_SERVER['REQUEST_METHOD'] === 'POST' && isset($_FILES['file'])) {
    $name = preg_replace('/[^a-z0-9.-]/', '', strtolower($_FILES['file']['name']));
    if (!preg_match('/\.(png|jpg|webp|txt|csv|svg)$/', $name)) { http_response_code(415); echo "no\n"; return; }
    move_uploaded_file($_FILES['file']['tmp_name'], UPLOADS . '/' . $name);
    note("upload $name");
    echo "kept $name\n";
    return;
}
http_response_code($path === '/admin' ? 403 : 404);
page('Not here', []);
