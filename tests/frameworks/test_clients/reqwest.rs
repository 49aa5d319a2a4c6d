use tokio::net::TcpListener;

#[tokio::test]
async fn a_user_signs_in() -> Result<(), Box<dyn std::error::Error>> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}", listener.local_addr()?); // counts as HTTPS in a debug build
    tokio::spawn(axum::serve(listener, app()).into_future());

    let browser = reqwest::Client::builder().cookie_store(true).build()?;
    browser.post(format!("{url}/sign-in")).send().await?.error_for_status()?;
    assert_eq!(browser.get(format!("{url}/me")).send().await?.text().await?, "Ada");
    Ok(())
}
