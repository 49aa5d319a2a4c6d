# The configuration of workerd: the Worker behind a socket for TLS and a socket for plain HTTP. The operating system
# chooses the ports. `tests/workers.rs` copies this file into the folder with the files that the configuration embeds, and
# adds the modules of the folder `snippets` to the list of modules.
using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [(name = "shop", worker = .shop)],
  sockets = [
    (name = "https", address = "127.0.0.1:0", service = "shop", https = (tlsOptions = (keypair = .keypair))),
    (name = "http", address = "127.0.0.1:0", service = "shop", http = ()),
  ],
);

const keypair :Workerd.TlsOptions.Keypair = (
  privateKey = embed "key.pem",
  certificateChain = embed "certificate.pem",
);

const shop :Workerd.Worker = (
  modules = [
    (name = "worker.js", esModule = embed "worker.js"),
    (name = "shop_worker.js", esModule = embed "shop_worker.js"),
    (name = "shop_worker_bg.wasm", wasm = embed "shop_worker_bg.wasm"),
    # snippets
  ],
  compatibilityDate = "2026-11-01",
);
