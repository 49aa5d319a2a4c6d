// The main module of the Worker. `tests/web/build` writes the two files that this module imports. In a project for
// Cloudflare, the tool `worker-build` writes a module like this one.
import program from "./shop_worker_bg.wasm";
import { fetch, initSync } from "./shop_worker.js";

initSync({ module: program });

export default { fetch };
