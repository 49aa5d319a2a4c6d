//! A set of declared cookies.

use std::collections::{BTreeSet, HashMap};

#[hardtack::cookies]
pub struct ShopCookies {
    /// The session of the signed-in user.
    #[cookie(max_age = "8h")]
    session: String,
    /// The articles in the basket.
    basket: u32,
}

pub async fn add_to_basket(cookies: ShopCookies) -> Result<(), hardtack::SetError> {
    let mut articles = BTreeSet::new();
    articles.insert("set");
    articles.remove("set");
    let mut counts = HashMap::new();
    counts.insert("cookie", 1);
    cookies.set_basket(articles.len() as u32)?;
    cookies.remove_session()
}
