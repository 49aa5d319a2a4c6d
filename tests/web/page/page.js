// Defines the globals that the tests use in a page. `ready` resolves to the functions of the WebAssembly test program.
// `frame` and `worker` run `frame_and_worker.js` and resolve to its results.
import init, * as web from "/web.js";

globalThis.ready = init().then(() => web);

globalThis.frame = (url, sandbox) => new Promise(resolve => {
  addEventListener("message", event => resolve(event.data), { once: true });
  const frame = document.createElement("iframe");
  if (sandbox !== undefined) frame.setAttribute("sandbox", sandbox);
  frame.src = url;
  document.body.append(frame);
});

globalThis.worker = () => new Promise((resolve, reject) => {
  const worker = new Worker("/frame_and_worker.js", { type: "module" });
  worker.onmessage = event => resolve(event.data);
  worker.onerror = event => reject(event.message);
});
