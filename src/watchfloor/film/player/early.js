document.documentElement.classList.add("js");
if (/^zh/i.test(navigator.language || "")) document.documentElement.lang = "zh";
try {
  const lang = localStorage.getItem("watchfloor.lang");
  const theme = localStorage.getItem("watchfloor.theme");
  if (lang === "en" || lang === "zh") document.documentElement.lang = lang;
  if (theme === "dark" || theme === "light") document.documentElement.dataset.theme = theme;
} catch { /* storage may be refused to a local file */ }
