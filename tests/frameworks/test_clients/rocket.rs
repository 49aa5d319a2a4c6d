use hardtack::TlsTermination;
use rocket::http::Status;
use rocket::local::asynchronous::Client;

#[rocket::async_test]
async fn a_user_signs_in() {
    // `app` passes the argument to `PolicyFairing::new`, and every request of the client counts as HTTPS.
    let browser = Client::tracked(app(TlsTermination::here())).await.unwrap();
    assert_eq!(browser.post("/sign-in").dispatch().await.status(), Status::Ok);
    assert_eq!(browser.get("/me").dispatch().await.into_string().await.unwrap(), "Ada");
}
