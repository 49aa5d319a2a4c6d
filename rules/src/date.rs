//! Seconds since 1970 in, an IMF-fixdate out; a cookie-date in, seconds out. Every date is UTC. Never guesses: what the
//! algorithm of 6265bis 5.1.1 does not read is no date.

/// 1601-01-01T00:00:00Z, the first second of the first year that a cookie-date can name (6265bis 5.1.1).
const FIRST: i64 = -11_644_473_600;
/// 9999-12-31T23:59:59Z, the last second of the last year of four digits.
const LAST: i64 = 253_402_300_799;
const DAY: i64 = 86_400;
/// From 0000-03-01 to 1970-01-01, in days: the count of days begins in March, so that a leap day ends its year.
const MARCH_0_TO_1970: i64 = 719_468;
/// 400 years, after which the calendar repeats.
const ERA: i64 = 146_097;
/// In lower case, as a browser compares them.
const MONTHS: [&[u8; 3]; 12] =
    [b"jan", b"feb", b"mar", b"apr", b"may", b"jun", b"jul", b"aug", b"sep", b"oct", b"nov", b"dec"];

/// Writes the date that an `Expires` attribute may hold: `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110 5.6.7).
///
/// `None` where the year is outside 1601 to 9999: a browser reads no earlier one, and the format has four digits.
///
/// ```
/// use hardtack_rules::date::imf_fixdate;
///
/// assert_eq!(imf_fixdate(784_111_777).as_ref().map(|date| &date[..]), Some(&b"Sun, 06 Nov 1994 08:49:37 GMT"[..]));
/// assert_eq!(imf_fixdate(i64::MAX), None);
/// ```
#[must_use]
pub const fn imf_fixdate(unix_seconds: i64) -> Option<[u8; 29]> {
    if unix_seconds < FIRST || unix_seconds > LAST {
        return None;
    }
    let (days, second) = (unix_seconds.div_euclid(DAY), unix_seconds.rem_euclid(DAY));
    let (year, month, day) = date_of(days);
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

/// Reads a date as a browser reads `Expires`: the cookie-date algorithm of 6265bis 5.1.1, in Unix seconds.
///
/// ```
/// use hardtack_rules::date::cookie_date;
///
/// assert_eq!(cookie_date(b"Sun, 06 Nov 1994 08:49:37 GMT"), Some(784_111_777));
/// assert_eq!(cookie_date(b"08:49:37 6-nov-94"), Some(784_111_777));
/// assert_eq!(cookie_date(b"31 Feb 1994 08:49:37"), None);
/// ```
#[must_use]
pub fn cookie_date(text: &[u8]) -> Option<i64> {
    let (mut time, mut day, mut month, mut year) = (None, None, None, None);
    for token in text.split(|octet| is_delimiter(*octet)).filter(|token| !token.is_empty()) {
        // The first of the four that is still open and that the token can be.
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
    if hour > 23 || minute > 59 || second > 59 || year < 1601 || day < 1 || day > days_in(year, month) {
        return None;
    }
    Some(days_to(year, month, day) * DAY + hour * 3_600 + minute * 60 + second)
}

/// Reads an instant as people write it for machines, in UTC and whole seconds: `2026-12-01T03:00:00Z` (RFC 3339).
///
/// ```
/// use hardtack_rules::date::timestamp;
///
/// assert_eq!(timestamp("1994-11-06T08:49:37Z"), Some(784_111_777));
/// assert_eq!(timestamp("1994-11-06 08:49:37"), None);
/// ```
#[must_use]
pub fn timestamp(text: &str) -> Option<i64> {
    let digits = |octets: &[u8]| {
        let value = |value: i64, octet: &u8| octet.is_ascii_digit().then(|| value * 10 + i64::from(octet - b'0'));
        octets.iter().try_fold(0, value)
    };
    let [y0, y1, y2, y3, b'-', m0, m1, b'-', d0, d1, b'T', h0, h1, b':', n0, n1, b':', s0, s1, b'Z'] = *text.as_bytes()
    else {
        return None;
    };
    let (year, month, day) = (digits(&[y0, y1, y2, y3])?, digits(&[m0, m1])?, digits(&[d0, d1])?);
    let (hour, minute, second) = (digits(&[h0, h1])?, digits(&[n0, n1])?, digits(&[s0, s1])?);
    let is_date = year >= 1601 && (1..=12).contains(&month) && day >= 1 && day <= days_in(year, month);
    let is_time = hour <= 23 && minute <= 59 && second <= 59;
    (is_date && is_time).then(|| days_to(year, month, day) * DAY + hour * 3_600 + minute * 60 + second)
}

/// The grammar's `delimiter`; a colon is none.
const fn is_delimiter(octet: u8) -> bool {
    matches!(octet, 0x09 | 0x20..=0x2F | 0x3B..=0x40 | 0x5B..=0x60 | 0x7B..=0x7E)
}

/// The grammar's `time`: three numbers of one or two digits, and what follows them begins with no digit.
fn hms_time(token: &[u8]) -> Option<(i64, i64, i64)> {
    let (hour, rest) = number(token, 1, 2)?;
    let (minute, rest) = number(rest.strip_prefix(b":")?, 1, 2)?;
    let second = leading_number(rest.strip_prefix(b":")?, 1, 2)?;
    Some((hour, minute, second))
}

/// The grammar's `month`: a token that begins with a month's first three letters, in any case.
fn month_number(token: &[u8]) -> Option<i64> {
    let letters = token.first_chunk::<3>()?;
    (1..).zip(MONTHS).find(|(_, name)| letters.eq_ignore_ascii_case(*name)).map(|(number, _)| number)
}

/// A number of this many digits, where what follows it begins with no digit.
fn leading_number(token: &[u8], least: usize, most: usize) -> Option<i64> {
    match number(token, least, most)? {
        (_, [b'0'..=b'9', ..]) => None,
        (number, _) => Some(number),
    }
}

/// As many digits as there are, `most` of them at most, and what follows them.
fn number(text: &[u8], least: usize, most: usize) -> Option<(i64, &[u8])> {
    let (mut rest, mut digits, mut number) = (text, 0, 0);
    while let [digit @ b'0'..=b'9', tail @ ..] = rest {
        if digits == most {
            break;
        }
        number = number * 10 + i64::from(*digit - b'0');
        digits += 1;
        rest = tail;
    }
    (digits >= least).then_some((number, rest))
}

const fn days_in(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days from 1970-01-01 to this date.
const fn days_to(year: i64, month: i64, day: i64) -> i64 {
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let (era, year) = (year.div_euclid(400), year.rem_euclid(400));
    let day_of_year = (153 * month + 2) / 5 + day - 1;
    era * ERA + year * 365 + year / 4 - year / 100 + day_of_year - MARCH_0_TO_1970
}

/// The year, month and day that is so many days from 1970-01-01.
const fn date_of(days: i64) -> (i64, i64, i64) {
    let days = days + MARCH_0_TO_1970;
    let (era, day) = (days.div_euclid(ERA), days.rem_euclid(ERA));
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day_of_year = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let (month, next) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    (era * 400 + year + next, month, day)
}

/// The last two decimal digits.
const fn two_digits(number: i64) -> [u8; 2] {
    [b'0' + (number / 10 % 10) as u8, b'0' + (number % 10) as u8]
}

#[cfg(test)]
mod tests {
    extern crate std;

    use std::format;

    use super::{DAY, FIRST, LAST, cookie_date, imf_fixdate, timestamp};

    /// Under Miri a date costs a thousand times as much.
    const STEP: usize = if cfg!(miri) { 101 } else { 1 };

    fn written(seconds: i64) -> Option<[u8; 29]> {
        imf_fixdate(seconds)
    }

    #[test]
    fn known_instants_are_written() {
        for (seconds, text) in [
            (0, b"Thu, 01 Jan 1970 00:00:00 GMT"),
            (-1, b"Wed, 31 Dec 1969 23:59:59 GMT"),
            (784_111_777, b"Sun, 06 Nov 1994 08:49:37 GMT"),
            (951_782_400, b"Tue, 29 Feb 2000 00:00:00 GMT"),
            (4_107_542_400, b"Mon, 01 Mar 2100 00:00:00 GMT"),
            (FIRST, b"Mon, 01 Jan 1601 00:00:00 GMT"),
            (LAST, b"Fri, 31 Dec 9999 23:59:59 GMT"),
        ] {
            assert_eq!(written(seconds).as_ref(), Some(text), "{seconds}");
            assert_eq!(cookie_date(text), Some(seconds));
        }
    }

    #[test]
    fn each_day_and_month_has_its_name_and_each_second_its_digits() {
        let days = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed", "Thu"];
        for (day, name) in (0..).zip(days) {
            assert!(written(day * DAY).unwrap().starts_with(name.as_bytes()), "{name}");
        }
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
        for (month, name) in (1..).zip(months) {
            let seconds = timestamp(&format!("1970-{month:02}-01T00:00:00Z")).unwrap();
            assert_eq!(&written(seconds).unwrap()[8..11], name.as_bytes());
        }
        for second in (0..7_200).step_by(STEP) {
            let time = format!("{:02}:{:02}:{:02} GMT", second / 3_600, second / 60 % 60, second % 60);
            assert_eq!(&written(second).unwrap()[17..], time.as_bytes());
        }
    }

    #[test]
    fn a_timestamp_is_the_same_instant_as_the_cookie_date() {
        for (text, date) in [
            ("1601-01-01T00:00:00Z", "1 Jan 1601 0:0:0"),
            ("1970-01-01T00:00:00Z", "1 Jan 1970 0:0:0"),
            ("1970-01-01T01:02:03Z", "1 Jan 1970 1:2:3"),
            ("2024-02-29T23:59:59Z", "29 Feb 2024 23:59:59"),
            ("2026-12-31T10:20:30Z", "31 Dec 2026 10:20:30"),
            ("9999-12-31T23:59:59Z", "31 Dec 9999 23:59:59"),
        ] {
            assert_eq!(timestamp(text), cookie_date(date.as_bytes()), "{text}");
            assert!(timestamp(text).is_some(), "{text}");
        }
    }

    #[test]
    fn a_timestamp_is_bounded_in_each_part() {
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
            assert_eq!(timestamp(text), None, "{text}");
        }
    }

    #[test]
    fn a_month_has_no_more_days_than_it_has() {
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
            assert!(cookie_date(format!("{days} {month} 2026 0:0:0").as_bytes()).is_some(), "{month}");
            assert_eq!(cookie_date(format!("{} {month} 2026 0:0:0", days + 1).as_bytes()), None, "{month}");
        }
    }

    #[test]
    fn years_of_other_than_four_digits_are_not_written() {
        for seconds in [FIRST - 1, LAST + 1, i64::MIN, i64::MAX] {
            assert_eq!(written(seconds), None, "{seconds}");
        }
    }

    #[test]
    fn every_day_is_read_as_it_was_written() {
        let mut seconds = FIRST;
        while seconds <= LAST {
            let text = written(seconds).unwrap();
            assert_eq!(cookie_date(&text), Some(seconds), "{seconds}");
            // 97 is prime to the 7 days of a week and to the lengths of all months.
            seconds += (97 * DAY + 97) * i64::try_from(STEP).unwrap();
        }
        for day in (0..800).step_by(STEP) {
            let seconds = 946_684_800 + day * DAY;
            assert_eq!(written(seconds).and_then(|text| cookie_date(&text)), Some(seconds), "{seconds}");
        }
    }

    #[test]
    fn years_of_two_digits_turn_at_70() {
        assert_eq!(cookie_date(b"1 Jan 70 0:0:0"), Some(0));
        assert_eq!(cookie_date(b"1 Jan 69 0:0:0"), cookie_date(b"1 Jan 2069 0:0:0"));
        assert_eq!(cookie_date(b"1 Jan 069 0:0:0"), cookie_date(b"1 Jan 2069 0:0:0"));
    }

    #[test]
    fn each_part_is_bounded_and_its_neighbour_is_read() {
        for (refused, read) in [
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
            assert_eq!(cookie_date(refused.as_bytes()), None, "{refused}");
            assert!(cookie_date(read.as_bytes()).is_some(), "{read}");
        }
    }

    #[test]
    fn a_second_date_in_the_text_is_ignored() {
        assert_eq!(cookie_date(b"1 Jan 1970 0:0:0 2 Feb 1980 1:1:1"), Some(0));
    }
}
