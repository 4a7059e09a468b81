use super::*;

fn read(text: &str, order: Order) -> String {
    parse(text, Some(order), NaiveDate::from_ymd_opt(2026, 11, 21)).map_or_else(|e| format!("{e:?}"), |m| m.iso())
}

#[test]
fn days_are_read_as_they_are_written() {
    let cases = [
        ("2024-03-05", "2024-03-05"),
        ("2024/3/5", "2024-03-05"),
        ("20240305", "2024-03-05"),
        ("05/03/2024", "2024-03-05"),
        ("5.3.24", "2024-03-05"),
        ("25-12-1999", "1999-12-25"),
        ("12/25/2024", "2024-12-25"),
        ("5 de marzo de 2024", "2024-03-05"),
        ("martes, 5 de marzo de 2024", "2024-03-05"),
        ("Tuesday, March 5th, 2024", "2024-03-05"),
        ("Mar 5, 2024", "2024-03-05"),
        ("mar, 5 mar 2024", "2024-03-05"),
        ("mar. 05/03/2024", "2024-03-05"),
        ("05-Mar-24", "2024-03-05"),
        ("5 mar. 2024", "2024-03-05"),
        ("1º de enero del 2024", "2024-01-01"),
        ("30 sept 2024", "2024-09-30"),
        ("2024 dic 31", "2024-12-31"),
        ("45356", "2024-03-05"),
        ("45356.5", "2024-03-05T12:00:00"),
        ("1709596800000", "2024-03-05T00:00:00Z"),
        ("2024-03-05T23:30:00-05:00", "2024-03-05T23:30:00-05:00"),
        ("2024-03-05T00:00:00.000Z", "2024-03-05T00:00:00Z"),
        ("2024-03-05 23:59:59 +1400", "2024-03-05T23:59:59+14:00"),
        ("05/03/2024 10:30 p. m.", "2024-03-05T22:30:00"),
        ("05/03/2024, 12:05 AM", "2024-03-05T00:05:00"),
        ("5/3/2024 9pm", "2024-03-05T21:00:00"),
        ("5 de marzo de 2024 a las 18:00", "2024-03-05T18:00:00"),
        ("2024-03-05 10:00 GMT-5", "2024-03-05T10:00:00-05:00"),
        ("29/02/2024", "2024-02-29"),
        ("29/02/2023", "NoSuchDay"),
        ("31/04/2024", "NoSuchDay"),
        ("2024-13-45", "NoSuchDay"),
        ("0000-00-00", "NoSuchDay"),
        ("2024-03", "Incomplete"),
        ("5 de marzo", "Incomplete"),
        ("marzo 2024", "Incomplete"),
        ("soon", "Unreadable"),
        ("Q3 2024", "Unreadable"),
        ("12", "Unreadable"),
        ("05/03/2024 25:00", "Unreadable"),
        ("05/03/2024 or later", "Unreadable"),
        ("1/2/3/4", "Unreadable"),
    ];
    for (text, expected) in cases {
        assert_eq!(read(text, Order::DayFirst), expected, "{text}");
    }
    assert_eq!(read("05/03/2024", Order::MonthFirst), "2024-05-03");
    assert_eq!(read("01/02/49", Order::DayFirst), "1949-02-01");
    assert_eq!(parse("05/03/2024", None, None), Err(NoDate::Ambiguous));
    assert!(parse("05/05/2024", None, None).is_ok());
}

#[test]
fn no_zone_moves_a_day() {
    for hours in -12..=14 {
        for time in ["00:00", "12:00", "23:59"] {
            let text = format!("2024-03-05T{time}:00{}{:02}:00", if hours < 0 { '-' } else { '+' }, i32::abs(hours));
            assert_eq!(parse(&text, None, None).unwrap().date.to_string(), "2024-03-05", "{text}");
        }
    }
}

#[test]
fn a_column_says_which_way_round_its_days_are() {
    let order = |texts: &[&str]| {
        let mut evidence = Evidence::default();
        for text in texts {
            evidence.look(text);
        }
        evidence.order(Order::DayFirst)
    };
    assert_eq!(order(&["01/02/2024", "03/25/2024"]), Some(Order::MonthFirst));
    assert_eq!(order(&["01/02/2024", "25/03/2024"]), Some(Order::DayFirst));
    assert_eq!(order(&["01/02/2024", "2024-01-31", "x"]), Some(Order::DayFirst));
    assert_eq!(order(&["13/02/2024", "02/13/2024"]), None);
}

#[test]
fn serials_of_both_systems() {
    let day = |n, mac| serial(n, mac).map(|d| d.date().to_string());
    assert_eq!(day(45_356.0, false).as_deref(), Some("2024-03-05"));
    assert_eq!(day(43_894.0, true).as_deref(), Some("2024-03-05"));
    assert_eq!(day(1.0, false).as_deref(), Some("1900-01-01"));
    assert_eq!(day(-1.0, false), None);
}
