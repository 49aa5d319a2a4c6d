// Runs before the first paint, and can read this one cookie because it is declared `http_only = false`.
const chosen = document.cookie.match(/(?:^|; )__Host-theme=(light|dark)(?:;|$)/);
document.documentElement.dataset.theme = chosen ? chosen[1] : "light";
