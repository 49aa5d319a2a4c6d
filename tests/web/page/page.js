// What the tests ask of a page: `ready` is the program's functions; `frame` and `worker` tell what they came to elsewhere.
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
  const worker = new Worker("/elsewhere.js", { type: "module" });
  worker.onmessage = event => resolve(event.data);
  worker.onerror = event => reject(event.message);
});
