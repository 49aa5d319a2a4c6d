// Runs in a frame or in a worker. Sets, reads and removes two cookies. Posts the results to the page.
import init, * as web from "/web.js";

await init();
const results = [];
for (const cookie of ["theme", "map"]) {
  results.push(await web.set(cookie, "1"));
  results.push(await web.get(cookie));
  results.push(await web.remove(cookie));
}
if (globalThis.document) parent.postMessage(results, "*");
else postMessage(results);
