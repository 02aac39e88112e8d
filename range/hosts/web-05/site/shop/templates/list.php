<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title><?= htmlspecialchars($title) ?></title><link rel="stylesheet" href="/media/site.css"></head>
<body><h1><?= htmlspecialchars($title) ?></h1>
<ul id="list"><?php foreach ($rows as $row): ?><li><a href="/product?id=<?= (int)$row['id'] ?>"><?= htmlspecialchars($row['name']) ?></a> <b><?= $row['price'] ?></b></li><?php endforeach ?></ul>
<p id="count"></p><script>document.getElementById('count').textContent = document.querySelectorAll('#list li').length + ' things';</script>
</body></html>
