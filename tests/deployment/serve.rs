//! Serves an instance behind nginx, and stores the sessions in Redis. The page `runtime/docs/deployment.md` shows the
//! rest of this file.

use std::error::Error;
use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use hardtack::{Policy, TlsTermination, TrustedProxies};
use tokio::net::TcpListener;
use tower_sessions::SessionManagerLayer;
use tower_sessions_redis_store::RedisStore;
use tower_sessions_redis_store::fred::prelude::*;

/// Serves one instance. The policy comes from the environment variables `HARDTACK_POLICY_*`.
pub(crate) async fn serve(routes: Router, address: SocketAddr, redis: &str) -> Result<(), Box<dyn Error>> {
    let redis = Builder::from_config(Config::from_url(redis)?)
        // Without a time limit, a request would wait until Redis is available again.
        .with_performance_config(|performance| performance.default_command_timeout = Duration::from_secs(1))
        .set_policy(ReconnectPolicy::new_constant(0, 100))
        .build_pool(4)?;
    redis.init().await?;
    let sessions = SessionManagerLayer::new(RedisStore::new(redis));

    let nginx = TrustedProxies::new(["127.0.0.2"])?; // the address of `proxy_bind`
    let policy = Policy::from_env()?.layer(TlsTermination::at_proxy(nginx));
    let app = routes.layer(sessions).layer(policy); // the policy is outermost, so it also hardens the session cookie

    // hardtack needs the peer's address. Without this address hardtack trusts no proxy.
    let app = app.into_make_service_with_connect_info::<SocketAddr>();
    axum::serve(TcpListener::bind(address).await?, app).await?;
    Ok(())
}
