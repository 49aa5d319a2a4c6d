//@ errors: 21
use hardtack::Cookie;

const WHY: &str = "app.js reads it";

#[derive(Cookie)]
#[cookie(max_age = 3600)]
struct Seconds(String);

#[derive(Cookie)]
#[cookie(max_age = 1.5)]
struct Float(String);

#[derive(Cookie)]
#[cookie(max_age = true)]
struct MaxAgeAsBool(String);

#[derive(Cookie)]
#[cookie(secure = "true")]
struct BoolAsText(String);

#[derive(Cookie)]
#[cookie(http_only = 1)]
struct BoolAsNumber(String);

#[derive(Cookie)]
#[cookie(secure)]
struct SecureAlone(String);

#[derive(Cookie)]
#[cookie(http_only)]
struct HttpOnlyAlone(String);

#[derive(Cookie)]
#[cookie(same_site = "Lax")]
struct WordAsText(String);

#[derive(Cookie)]
#[cookie(same_site = SameSite::Strict)]
struct WordAsPath(String);

#[derive(Cookie)]
#[cookie(same_site = lax)]
struct WordInLowerCase(String);

#[derive(Cookie)]
#[cookie(same_site = Relaxed)]
struct UnknownWord(String);

#[derive(Cookie)]
#[cookie(same_site)]
struct SameSiteAlone(String);

#[derive(Cookie)]
#[cookie(partitioned = true)]
struct FlagWithValue(String);

#[derive(Cookie)]
#[cookie(name = 5)]
struct NameAsNumber(String);

#[derive(Cookie)]
#[cookie(name = b"session")]
struct NameAsBytes(String);

#[derive(Cookie)]
#[cookie(path)]
struct PathAlone(String);

#[derive(Cookie)]
#[cookie(domain = true)]
struct DomainAsBool(String);

#[derive(Cookie)]
#[cookie(http_only = false, reason = WHY)]
struct ReasonAsConst(String);

#[derive(Cookie)]
#[cookie(name = "PHPSESSID", read_only = true)]
struct ReadOnlyWithValue(String);

#[derive(Cookie)]
#[cookie(crate = "hardtack")]
struct CrateAsText(String);

#[derive(Cookie)]
#[cookie(crate = ::hardtack::<u8>)]
struct CrateWithParameters(String);

fn main() {}
