//! Addresses with a query.

/// A value as it stands in a query: everything but letters, digits and `-._~` percent-encoded.
pub fn encode(value: &str) -> String {
    const HEX: [char; 16] = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'A', 'B', 'C', 'D', 'E', 'F'];
    let mut out = String::with_capacity(value.len());
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            out.push(char::from(byte));
        } else {
            out.push('%');
            out.extend(HEX.get(usize::from(byte >> 4)));
            out.extend(HEX.get(usize::from(byte & 15)));
        }
    }
    out
}

/// A path with the fields of its query.
pub fn with_query(path: &str, fields: &[(&'static str, String)]) -> String {
    let mut out = path.to_owned();
    for (i, (key, value)) in fields.iter().enumerate() {
        out.push(if i == 0 { '?' } else { '&' });
        out.push_str(key);
        out.push('=');
        out.push_str(&encode(value));
    }
    out
}

/// The page of one user.
pub fn user(id: &str) -> String {
    format!("/usage/users/{}", encode(id))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_encoded() {
        assert_eq!(with_query("/usage", &[]), "/usage");
        assert_eq!(
            with_query("/usage", &[("tier", "pro".into()), ("agent", "A B&ñ".into())]),
            "/usage?tier=pro&agent=A%20B%26%C3%B1"
        );
        assert_eq!(user("a/b?c#d"), "/usage/users/a%2Fb%3Fc%23d");
    }
}
