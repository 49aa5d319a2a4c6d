//@ errors: 2
//! After an error in a field or in the struct's attributes, the macro still generates all methods.
use hardtack::{Cookies, cookies};

#[cookies]
struct Shop {
    #[cookie(max_age = 3600)]
    cart: u32,
    lang: String,
}

#[cookies]
#[derive(Clone)]
struct Forum {
    draft: String,
}

fn handler(cookies: Cookies) -> Result<(), Box<dyn std::error::Error>> {
    let shop = Shop::from(cookies.clone());
    shop.set_cart(3)?;
    shop.set_cart_with(3, |cart| cart.without_max_age())?;
    shop.set_lang("en")?;
    println!("{:?} {:?} {:?}", shop.try_cart()?, shop.try_lang()?, Shop::SPECS);
    shop.remove_cart()?;
    let forum = Forum::from(cookies).clone();
    forum.set_draft("…")?;
    println!("{:?} {:?}", forum.try_draft()?, forum);
    Ok(())
}

fn main() {
    let _ = handler;
}
