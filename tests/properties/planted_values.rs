//! Plants secrets in a few thousand generated headers. The fuzz target `planted_values` does the same for more headers.

use http::{HeaderMap, Request, Response};
use tower::{Service as _, ServiceBuilder, service_fn};

use super::planted;

#[test]
fn no_text_shows_a_planted_secret() {
    // A linear congruential generator, so that each run plants the same secrets.
    let mut state = 1_u64;
    let mut choose = |count: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(state >> 33).unwrap() % count
    };
    let (mut secrets, mut shown) = (0, 0);
    for _ in 0..1_000 {
        let headers = [planted::header(&mut choose), planted::header(&mut choose)];
        let headers: Vec<_> = headers.iter().map(|(kind, header)| (*kind, header.as_slice())).collect();
        secrets += headers.iter().map(|(_, header)| planted::places(header).count()).sum::<usize>();
        shown += planted::check(&headers, |layer, request: Request<()>, headers: HeaderMap| {
            let application = service_fn(move |_: Request<()>| {
                let mut response = Response::new(());
                *response.headers_mut() = headers.clone();
                std::future::ready(Ok::<_, std::convert::Infallible>(response))
            });
            let mut service = ServiceBuilder::new().layer(layer.clone()).service(application);
            let response = futures_util::FutureExt::now_or_never(service.call(request));
            response
                .expect("the application is ready")
                .expect("the application returns a response")
                .into_parts()
                .0
                .headers
        });
    }
    // The texts may show a secret that is part of a name, a `Domain` or a `Path`. A large number of shown secrets
    // proves that the texts are not empty.
    assert!(secrets > 20_000 && shown > 20_000, "{secrets} secrets, and {shown} shown");
}
