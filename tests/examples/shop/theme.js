// Runs before the first paint. It can read this cookie because the cookie is declared with `http_only = false`.
const chosen = document.cookie.match(/(?:^|; )__Host-theme=(light|dark)(?:;|$)/);
document.documentElement.dataset.theme = chosen ? chosen[1] : "light";
