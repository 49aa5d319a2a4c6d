use actix_web::cookie::Cookie;
use actix_web::{App, HttpMessage as _, test};
use hardtack::tls::Transport;

#[actix_web::test]
async fn a_user_signs_in() {
    let app = test::init_service(App::new().configure(routes).wrap(policy())).await;
    let request = test::TestRequest::post().uri("/sign-in").to_request();
    request.extensions_mut().insert(Transport::Tls); // this request counts as HTTPS
    let response = test::call_service(&app, request).await;

    let cookies: Vec<Cookie<'_>> = response.response().cookies().collect();
    let request = cookies.iter().cloned().fold(test::TestRequest::get().uri("/me"), |request, it| request.cookie(it));
    let request = request.to_request();
    request.extensions_mut().insert(Transport::Tls); // this request counts as HTTPS
    assert_eq!(test::call_and_read_body(&app, request).await, "Ada");
}
