// counts what is in the cart
(function () {
  const items = JSON.parse(window.localStorage.getItem("cart") || "[]");
  const total = items.reduce((sum, item) => sum + item.count * item.price, 0);
  document.title = `${document.title} (${items.length}, ${total.toFixed(2)})`;
})();
