// This script runs before the first paint. It can read the cookie, because the declaration has `http_only = false`.
const chosen = document.cookie.match(/(?:^|; )__Host-theme=(light|dark)(?:;|$)/);
document.documentElement.dataset.theme = chosen ? chosen[1] : "light";
