// The shop's API: products and stock from the database file, read again every minute.
const http = require("http");
const { execFile } = require("child_process");
let products = [];
function load() {
  execFile("sqlite3", ["-json", "/srv/www/shop/shared/shop.db", "select id, name, price, stock from product"], (wrong, out) => {
    if (!wrong && out) products = JSON.parse(out);
  });
}
load();
setInterval(load, 60000);
http.createServer((request, answer) => {
  const url = new URL(request.url, "http://api");
  const [, what, id] = url.pathname.split("/");
  answer.setHeader("Content-Type", "application/json");
  if (what === "health") return answer.end(JSON.stringify({ up: process.uptime(), count: products.length }) + "\n");
  if (what === "products" && id) return answer.end(JSON.stringify(products.find((p) => p.id === Number(id)) || null) + "\n");
  if (what === "products") return answer.end(JSON.stringify(products.slice(0, 20)) + "\n");
  if (what === "stock") return answer.end(JSON.stringify((products.find((p) => p.id === Number(url.searchParams.get("item"))) || {}).stock ?? 0) + "\n");
  answer.statusCode = 404;
  answer.end("{}\n");
}).listen(3000, "127.0.0.1");
