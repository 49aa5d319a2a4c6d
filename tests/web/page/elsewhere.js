// The same three calls in a frame or a worker, told to whom it belongs to.
import init, * as web from "/web.js";

await init();
const told = ["theme", "map"].flatMap(cookie => [
  web.set(cookie, "1"),
  web.get(cookie),
  web.remove(cookie),
]);
if (globalThis.document) parent.postMessage(told, "*");
else postMessage(told);
