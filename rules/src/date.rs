//! Formats and parses dates. The formatter takes Unix seconds and returns an IMF-fixdate. The parsers take a date as
//! text. Each parser returns Unix seconds, or `None` if the text is not a valid date. Every date is in UTC.

/// 1601-01-01T00:00:00Z in Unix seconds. Browsers reject an `Expires` date with an earlier year (6265bis 5.1.1).
const FIRST: i64 = -11_644_473_600;
/// 9999-12-31T23:59:59Z in Unix seconds. The date formats have only four digits for the year.
const LAST: i64 = 253_402_300_799;
/// The number of seconds in one day.
const DAY: i64 = 86_400;
/// The number of days from 0000-03-01 to 1970-01-01. The date calculations use years that begin in March, so a leap day
/// is the last day of a year.
const DAYS_TO_1970: i64 = 719_468;
/// The number of days in 400 years. The Gregorian calendar repeats every 400 years.
const ERA_DAYS: i64 = 146_097;
/// The first three letters of each month's name, in lower case. The parser ignores the letter case of the input.
const MONTHS: [&[u8; 3]; 12] =
    [b"jan", b"feb", b"mar", b"apr", b"may", b"jun", b"jul", b"aug", b"sep", b"oct", b"nov", b"dec"];

/// Formats Unix seconds as the date of an `Expires` attribute: `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110 5.6.7).
///
/// Returns `None` if the year is before 1601 or after 9999. Browsers reject a year before 1601. The format has only
/// four digits for the year.
///
/// ```
/// use hardtack_rules::date::format_imf_fixdate;
///
/// assert_eq!(&format_imf_fixdate(784_111_777).unwrap(), b"Sun, 06 Nov 1994 08:49:37 GMT");
/// assert_eq!(format_imf_fixdate(i64::MAX), None);
/// ```
#[must_use]
pub const fn format_imf_fixdate(unix_seconds: i64) -> Option<[u8; 29]> {
    if unix_seconds < FIRST || unix_seconds > LAST {
        return None;
    }
    let (days, second) = (unix_seconds.div_euclid(DAY), unix_seconds.rem_euclid(DAY));
    let (year, month, day) = date_from_days(days);
    // 1970-01-01 was a Thursday.
    let [w0, w1, w2] = *match days.rem_euclid(7) {
        0 => b"Thu",
        1 => b"Fri",
        2 => b"Sat",
        3 => b"Sun",
        4 => b"Mon",
        5 => b"Tue",
        _ => b"Wed",
    };
    let [m0, m1, m2] = *match month {
        1 => b"Jan",
        2 => b"Feb",
        3 => b"Mar",
        4 => b"Apr",
        5 => b"May",
        6 => b"Jun",
        7 => b"Jul",
        8 => b"Aug",
        9 => b"Sep",
        10 => b"Oct",
        11 => b"Nov",
        _ => b"Dec",
    };
    let [d0, d1] = two_digits(day);
    let ([y0, y1], [y2, y3]) = (two_digits(year / 100), two_digits(year));
    let ([h0, h1], [n0, n1], [s0, s1]) =
        (two_digits(second / 3_600), two_digits(second / 60 % 60), two_digits(second % 60));
    Some([
        w0, w1, w2, b',', b' ', d0, d1, b' ', m0, m1, m2, b' ', y0, y1, y2, y3, b' ', h0, h1, b':', n0, n1, b':', s0,
        s1, b' ', b'G', b'M', b'T',
    ])
}

/// Parses the date of an `Expires` attribute, and returns Unix seconds. Browsers parse an `Expires` date with the same
/// algorithm (6265bis 5.1.1).
///
/// ```
/// use hardtack_rules::date::parse_cookie_date;
///
/// assert_eq!(parse_cookie_date(b"Sun, 06 Nov 1994 08:49:37 GMT"), Some(784_111_777));
/// assert_eq!(parse_cookie_date(b"08:49:37 6-nov-94"), Some(784_111_777));
/// assert_eq!(parse_cookie_date(b"31 Feb 1994 08:49:37"), None);
/// ```
#[must_use]
pub fn parse_cookie_date(text: &[u8]) -> Option<i64> {
    let (mut time, mut day, mut month, mut year) = (None, None, None, None);
    for token in text.split(|byte| is_delimiter(*byte)).filter(|token| !token.is_empty()) {
        // The order of the `if` branches matters. One token can match several parts of the date, such as the day and
        // the year. The parser then uses the token for the first matching part that is still missing.
        if time.is_none() {
            time = hms_time(token);
            if time.is_some() {
                continue;
            }
        }
        if day.is_none() {
            day = leading_number(token, 1, 2);
            if day.is_some() {
                continue;
            }
        }
        if month.is_none() {
            month = month_number(token);
            if month.is_some() {
                continue;
            }
        }
        if year.is_none() {
            year = leading_number(token, 2, 4);
        }
    }
    let ((hour, minute, second), day, month, year) = (time?, day?, month?, year?);
    let year = match year {
        0..=69 => year + 2_000,
        70..=99 => year + 1_900,
        _ => year,
    };
    if hour > 23 || minute > 59 || second > 59 || year < 1601 || day < 1 || day > days_in_month(year, month) {
        return None;
    }
    Some(days_since_1970(year, month, day) * DAY + hour * 3_600 + minute * 60 + second)
}

/// Parses an RFC 3339 timestamp such as `2026-12-01T03:00:00Z`, and returns Unix seconds.
///
/// The timestamp must be in UTC and in whole seconds. Returns `None` if the text is not a valid timestamp, or if the
/// year is before 1601.
///
/// ```
/// use hardtack_rules::date::parse_timestamp;
///
/// assert_eq!(parse_timestamp("1994-11-06T08:49:37Z"), Some(784_111_777));
/// assert_eq!(parse_timestamp("1994-11-06 08:49:37"), None);
/// ```
#[must_use]
pub fn parse_timestamp(text: &str) -> Option<i64> {
    let digits = |bytes: &[u8]| {
        let append = |number: i64, byte: &u8| byte.is_ascii_digit().then(|| number * 10 + i64::from(byte - b'0'));
        bytes.iter().try_fold(0, append)
    };
    let [y0, y1, y2, y3, b'-', m0, m1, b'-', d0, d1, b'T', h0, h1, b':', n0, n1, b':', s0, s1, b'Z'] = *text.as_bytes()
    else {
        return None;
    };
    let (year, month, day) = (digits(&[y0, y1, y2, y3])?, digits(&[m0, m1])?, digits(&[d0, d1])?);
    let (hour, minute, second) = (digits(&[h0, h1])?, digits(&[n0, n1])?, digits(&[s0, s1])?);
    let is_date = year >= 1601 && (1..=12).contains(&month) && day >= 1 && day <= days_in_month(year, month);
    let is_time = hour <= 23 && minute <= 59 && second <= 59;
    (is_date && is_time).then(|| days_since_1970(year, month, day) * DAY + hour * 3_600 + minute * 60 + second)
}

/// A day in UTC, such as `2027-03-01`.
///
/// ```
/// use hardtack_rules::date::Day;
///
/// let day = Day::parse("2027-03-01").unwrap();
/// assert_eq!((day.start(), day.to_string().as_str()), (1_803_859_200, "2027-03-01"));
/// assert_eq!(Day::parse("2027-02-29"), None);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day {
    year: u16,
    month: u8,
    day: u8,
}

impl Day {
    /// Parses a day in the form `2027-03-01`. Returns `None` if the text does not have this form, if the day does not
    /// exist, or if the year is before 1601.
    #[must_use]
    pub const fn parse(text: &str) -> Option<Day> {
        let [y0, y1, y2, y3, b'-', m0, m1, b'-', d0, d1] = *text.as_bytes() else { return None };
        let (Some(century), Some(years), Some(month), Some(day)) =
            (parse_pair(y0, y1), parse_pair(y2, y3), parse_pair(m0, m1), parse_pair(d0, d1))
        else {
            return None;
        };
        let year = century as u16 * 100 + years as u16;
        let is_month = month >= 1 && month <= 12;
        if year < 1601 || !is_month || day < 1 || day as i64 > days_in_month(year as i64, month as i64) {
            return None;
        }
        Some(Day { year, month, day })
    }

    /// Returns the first second of the day in Unix seconds.
    #[must_use]
    pub const fn start(self) -> i64 {
        days_since_1970(self.year as i64, self.month as i64, self.day as i64) * DAY
    }
}

impl core::fmt::Display for Day {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

/// Returns the number that two ASCII digits form.
const fn parse_pair(tens: u8, ones: u8) -> Option<u8> {
    if tens.is_ascii_digit() && ones.is_ascii_digit() { Some((tens - b'0') * 10 + (ones - b'0')) } else { None }
}

/// Returns true if the byte matches `delimiter` in the grammar of 6265bis 5.1.1. A colon is not a delimiter.
const fn is_delimiter(byte: u8) -> bool {
    matches!(byte, 0x09 | 0x20..=0x2F | 0x3B..=0x40 | 0x5B..=0x60 | 0x7B..=0x7E)
}

/// Parses the `time` of the cookie-date grammar, such as `08:49:37`. Each of the three numbers has one or two digits.
/// Other text can follow the time in the token.
fn hms_time(token: &[u8]) -> Option<(i64, i64, i64)> {
    let (hour, rest) = split_number(token, 1, 2)?;
    let (minute, rest) = split_number(rest.strip_prefix(b":")?, 1, 2)?;
    let second = leading_number(rest.strip_prefix(b":")?, 1, 2)?;
    Some((hour, minute, second))
}

/// Parses the `month` of the cookie-date grammar. The token must begin with the first three letters of a month, in any
/// letter case.
fn month_number(token: &[u8]) -> Option<i64> {
    let letters = token.first_chunk::<3>()?;
    (1..).zip(MONTHS).find(|(_, name)| letters.eq_ignore_ascii_case(*name)).map(|(number, _)| number)
}

/// Parses the decimal number at the start of the token. Returns `None` if the number has fewer than `min_digits` or
/// more than `max_digits` digits.
fn leading_number(token: &[u8], min_digits: usize, max_digits: usize) -> Option<i64> {
    match split_number(token, min_digits, max_digits)? {
        (_, [b'0'..=b'9', ..]) => None,
        (number, _) => Some(number),
    }
}

/// Reads at most `max_digits` digits at the start of `text`, and returns the number and the rest of `text`. Returns
/// `None` if `text` begins with fewer than `min_digits` digits.
fn split_number(text: &[u8], min_digits: usize, max_digits: usize) -> Option<(i64, &[u8])> {
    let (mut rest, mut digits, mut number) = (text, 0, 0);
    while let [digit @ b'0'..=b'9', tail @ ..] = rest {
        if digits == max_digits {
            break;
        }
        number = number * 10 + i64::from(*digit - b'0');
        digits += 1;
        rest = tail;
    }
    (digits >= min_digits).then_some((number, rest))
}

/// Returns the number of days in a month.
const fn days_in_month(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Returns the number of days from 1970-01-01 to the date in the arguments. The result is negative for a date before
/// 1970.
const fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let (era, year) = (year.div_euclid(400), year.rem_euclid(400));
    let day_of_year = (153 * month + 2) / 5 + day - 1;
    era * ERA_DAYS + year * 365 + year / 4 - year / 100 + day_of_year - DAYS_TO_1970
}

/// Returns the date that is `days` days after 1970-01-01, as year, month and day.
const fn date_from_days(days: i64) -> (i64, i64, i64) {
    let days = days + DAYS_TO_1970;
    let (era, day) = (days.div_euclid(ERA_DAYS), days.rem_euclid(ERA_DAYS));
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day_of_year = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let (month, next) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    (era * 400 + year + next, month, day)
}

/// Returns the last two decimal digits of the number, in ASCII.
const fn two_digits(number: i64) -> [u8; 2] {
    [b'0' + (number / 10 % 10) as u8, b'0' + (number % 10) as u8]
}

#[cfg(test)]
mod tests {
    extern crate std;

    use std::format;

    use super::{DAY, FIRST, LAST, format_imf_fixdate, parse_cookie_date, parse_timestamp};

    /// The step between two tested values. Miri runs code about a thousand times slower, so the tests check fewer
    /// values under Miri.
    const STEP: usize = if cfg!(miri) { 101 } else { 1 };

    #[test]
    fn known_dates_are_formatted_and_parsed_back() {
        for (seconds, text) in [
            (0, b"Thu, 01 Jan 1970 00:00:00 GMT"),
            (-1, b"Wed, 31 Dec 1969 23:59:59 GMT"),
            (784_111_777, b"Sun, 06 Nov 1994 08:49:37 GMT"),
            (951_782_400, b"Tue, 29 Feb 2000 00:00:00 GMT"),
            (4_107_542_400, b"Mon, 01 Mar 2100 00:00:00 GMT"),
            (FIRST, b"Mon, 01 Jan 1601 00:00:00 GMT"),
            (LAST, b"Fri, 31 Dec 9999 23:59:59 GMT"),
        ] {
            assert_eq!(format_imf_fixdate(seconds).as_ref(), Some(text), "{seconds}");
            assert_eq!(parse_cookie_date(text), Some(seconds));
        }
    }

    #[test]
    fn days_months_and_seconds_are_formatted() {
        let days = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed", "Thu"];
        for (day, name) in (0..).zip(days) {
            assert!(format_imf_fixdate(day * DAY).unwrap().starts_with(name.as_bytes()), "{name}");
        }
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
        for (month, name) in (1..).zip(months) {
            let seconds = parse_timestamp(&format!("1970-{month:02}-01T00:00:00Z")).unwrap();
            assert_eq!(&format_imf_fixdate(seconds).unwrap()[8..11], name.as_bytes());
        }
        for second in (0..7_200).step_by(STEP) {
            let time = format!("{:02}:{:02}:{:02} GMT", second / 3_600, second / 60 % 60, second % 60);
            assert_eq!(&format_imf_fixdate(second).unwrap()[17..], time.as_bytes());
        }
    }

    #[test]
    fn a_timestamp_and_a_cookie_date_agree() {
        for (text, date) in [
            ("1601-01-01T00:00:00Z", "1 Jan 1601 0:0:0"),
            ("1970-01-01T00:00:00Z", "1 Jan 1970 0:0:0"),
            ("1970-01-01T01:02:03Z", "1 Jan 1970 1:2:3"),
            ("2024-02-29T23:59:59Z", "29 Feb 2024 23:59:59"),
            ("2026-12-31T10:20:30Z", "31 Dec 2026 10:20:30"),
            ("9999-12-31T23:59:59Z", "31 Dec 9999 23:59:59"),
        ] {
            assert_eq!(parse_timestamp(text), parse_cookie_date(date.as_bytes()), "{text}");
            assert!(parse_timestamp(text).is_some(), "{text}");
        }
    }

    #[test]
    fn an_invalid_timestamp_is_rejected() {
        for text in [
            "1600-12-31T00:00:00Z",
            "2026-00-01T00:00:00Z",
            "2026-13-01T00:00:00Z",
            "2026-01-00T00:00:00Z",
            "2026-01-32T00:00:00Z",
            "2026-04-31T00:00:00Z",
            "2026-02-29T00:00:00Z",
            "2026-01-01T24:00:00Z",
            "2026-01-01T00:60:00Z",
            "2026-01-01T00:00:60Z",
            "2026-01-01T00:00:00z",
            "2026-01-01t00:00:00Z",
            "2026-01-01T00:00:00+00:00",
            "2026-01-01T00:00:0:Z",
            "2026-01-01T00:00:00.0Z",
            " 026-01-01T00:00:00Z",
            "",
        ] {
            assert_eq!(parse_timestamp(text), None, "{text}");
        }
    }

    #[test]
    fn the_days_of_each_month_are_bounded() {
        for (month, days) in [
            ("Jan", 31),
            ("Feb", 28),
            ("Mar", 31),
            ("Apr", 30),
            ("May", 31),
            ("Jun", 30),
            ("Jul", 31),
            ("Aug", 31),
            ("Sep", 30),
            ("Oct", 31),
            ("Nov", 30),
            ("Dec", 31),
        ] {
            assert!(parse_cookie_date(format!("{days} {month} 2026 0:0:0").as_bytes()).is_some(), "{month}");
            assert_eq!(parse_cookie_date(format!("{} {month} 2026 0:0:0", days + 1).as_bytes()), None, "{month}");
        }
    }

    #[test]
    fn years_outside_1601_to_9999_are_not_formatted() {
        for seconds in [FIRST - 1, LAST + 1, i64::MIN, i64::MAX] {
            assert_eq!(format_imf_fixdate(seconds), None, "{seconds}");
        }
    }

    #[test]
    fn every_formatted_date_is_parsed_back() {
        let mut seconds = FIRST;
        while seconds <= LAST {
            let text = format_imf_fixdate(seconds).unwrap();
            assert_eq!(parse_cookie_date(&text), Some(seconds), "{seconds}");
            // The step 97 has no common factor with 7 or with the length of a month. So the tested dates include every
            // weekday and every day of a month.
            seconds += (97 * DAY + 97) * i64::try_from(STEP).unwrap();
        }
        for day in (0..800).step_by(STEP) {
            let seconds = 946_684_800 + day * DAY;
            assert_eq!(
                format_imf_fixdate(seconds).and_then(|text| parse_cookie_date(&text)),
                Some(seconds),
                "{seconds}"
            );
        }
    }

    #[test]
    fn two_digit_years_from_70_are_1970() {
        assert_eq!(parse_cookie_date(b"1 Jan 70 0:0:0"), Some(0));
        assert_eq!(parse_cookie_date(b"1 Jan 69 0:0:0"), parse_cookie_date(b"1 Jan 2069 0:0:0"));
        assert_eq!(parse_cookie_date(b"1 Jan 069 0:0:0"), parse_cookie_date(b"1 Jan 2069 0:0:0"));
    }

    #[test]
    fn each_part_of_a_cookie_date_is_bounded() {
        for (rejected, accepted) in [
            ("0 Jan 2000 0:0:0", "1 Jan 2000 0:0:0"),
            ("32 Jan 2000 0:0:0", "31 Jan 2000 0:0:0"),
            ("29 Feb 1900 0:0:0", "29 Feb 2000 0:0:0"),
            ("1 Jan 1600 0:0:0", "1 Jan 1601 0:0:0"),
            ("1 Jan 20000 0:0:0", "1 Jan 2000x0 0:0:0"),
            ("1 Jan 2000 24:0:0", "1 Jan 2000 23:0:0"),
            ("1 Jan 2000 0:60:0", "1 Jan 2000 0:59:0"),
            ("1 Jan 2000 0:0:60", "1 Jan 2000 0:0:59"),
            ("1 Jan 2000 0:0:000", "1 Jan 2000 0:0:00a"),
            ("1 Jan 2000 0: 0:0", "1 Jan 2000 0:0:0 "),
            ("1 Ja 2000 0:0:0", "1 JANUARY 2000 0:0:0"),
            ("1 Jan 2000", "1,Jan/2000;0:0:0"),
            ("", "\t1-jan-00 00:00:00 gmt"),
        ] {
            assert_eq!(parse_cookie_date(rejected.as_bytes()), None, "{rejected}");
            assert!(parse_cookie_date(accepted.as_bytes()).is_some(), "{accepted}");
        }
    }

    #[test]
    fn a_second_date_is_ignored() {
        assert_eq!(parse_cookie_date(b"1 Jan 1970 0:0:0 2 Feb 1980 1:1:1"), Some(0));
    }
}
