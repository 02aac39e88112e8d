<?php
// Small tests of the shop, without a browser: php bin/check.php
$_SERVER['REQUEST_URI'] = '/';
require __DIR__ . '/../lib.php';
$failed = 0;
foreach (['a price' => products('select price from product limit 1')[0]['price'] > 0, 'enough products' => count(products('select id from product')) >= 100,
          'no markup in names' => !preg_grep('/</', array_column(products('select name from product'), 'name'))] as $what => $holds) {
    echo $holds ? 'ok   ' : 'FAIL ', $what, "\n";
    $failed += !$holds;
}
exit($failed ? 1 : 0);
