//! What looks like a secret, so that it is refused where none belongs. A net with meshes: it lets no obvious password or
//! key pass, and cannot know every one.

/// Words that announce a secret when something follows them.
const ANNOUNCES: &[&str] = &[
    "password",
    "passwd",
    "passwort",
    "passphrase",
    "kennwort",
    "pwd",
    "pass",
    "pin",
    "secret",
    "token",
    "api key",
    "apikey",
    "api-key",
    "access key",
    "private key",
    "recovery code",
    "backup code",
    "otp",
    "2fa",
    "totp",
    "cookie",
    "bearer",
    "client_secret",
    "mot de passe",
    "contraseña",
];
/// Beginnings of tokens that services give out.
const PREFIXES: &[&str] = &[
    "ghp_",
    "gho_",
    "github_pat_",
    "glpat-",
    "sk-",
    "sk_live_",
    "pk_live_",
    "xoxb-",
    "xoxp-",
    "xapp-",
    "AKIA",
    "ASIA",
    "AIza",
    "ya29.",
    "eyJ",
    "otpauth:",
];
/// From how many characters on a word of letters and digits is looked at.
const LONG: usize = 20;

/// Why `text` looks like a secret; `None` if it does not.
pub fn looks_like_secret(text: &str) -> Option<&'static str> {
    if text.contains("-----BEGIN ") {
        return Some("a key or certificate in PEM form");
    }
    let lower = text.to_lowercase();
    if ANNOUNCES.iter().any(|word| announces(&lower, word)) {
        return Some("a password or another secret that the text announces");
    }
    let words = || text.split(|letter: char| letter.is_whitespace() || ",;\"'()<>".contains(letter)).filter(|word| !word.is_empty());
    if words().any(|word| PREFIXES.iter().any(|prefix| word.len() >= prefix.len() + 8 && word.starts_with(prefix))) {
        return Some("a token of a service");
    }
    if words().any(credentials_in_address) {
        return Some("a password in an address");
    }
    words().any(|word| wild(word) || parts(word).any(random)).then_some("a token or a made-up password")
}

/// `password: x`, `password = x`, `password is x`, `pw/x`: the word by itself, a sign or `is`, and something behind it.
fn announces(lower: &str, word: &str) -> bool {
    lower.match_indices(word).any(|(at, _)| {
        let apart = lower[..at].chars().next_back().is_none_or(|letter| !letter.is_alphanumeric());
        let rest = lower[at + word.len()..].trim_start();
        let told = rest.strip_prefix([':', '=']).or_else(|| rest.strip_prefix("is "));
        apart && told.is_some_and(|told| told.trim_start_matches([' ', '=', '>', ':']).chars().any(|letter| !letter.is_whitespace()))
    })
}

/// `https://name:password@host`.
fn credentials_in_address(word: &str) -> bool {
    word.split_once("://").and_then(|(_, rest)| rest.split(['/', '?']).next()).is_some_and(|authority| {
        authority.rsplit_once('@').is_some_and(|(user, _)| user.split_once(':').is_some_and(|(_, password)| !password.is_empty()))
    })
}

/// What of a word can be a token: addresses and handles are made of short speaking parts.
fn parts(word: &str) -> impl Iterator<Item = &str> {
    word.split(|letter: char| "/.:@?&#".contains(letter))
}

/// Long, and of letters in both cases mixed with digits, or of hexadecimal digits alone; a name with a number behind it is
/// neither.
fn random(part: &str) -> bool {
    let token = |letter: char| letter.is_ascii_alphanumeric() || "_-+=~".contains(letter);
    if part.len() < LONG || !part.chars().all(token) {
        return false;
    }
    let kinds: Vec<u8> = part.bytes().map(kind).collect();
    let changes = kinds.windows(2).filter(|two| two[0] != two[1]).count();
    let mut counts = [0; 5];
    for kind in &kinds {
        counts[usize::from(*kind)] += 1;
    }
    let [_, lower, upper, digits, _] = counts;
    let hexadecimal = part.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-') && digits >= 4 && digits < part.len();
    let mixed = lower > 0 && upper > 0 && digits > 0 && changes * 20 >= part.len() * 9;
    let of_one_case = lower + upper > 0 && digits * 4 >= part.len() && changes * 3 >= part.len();
    hexadecimal || mixed || of_one_case
}

/// `Xk7#mQ9!pL`: eight characters or more, of all four kinds, changing all the time, with a sign that no name has.
fn wild(word: &str) -> bool {
    let kinds: Vec<u8> = word.bytes().map(kind).collect();
    let changes = kinds.windows(2).filter(|two| two[0] != two[1]).count();
    let strange = !word.contains("://") && word.contains(|letter: char| "!#$%^&*+=~?|".contains(letter));
    strange && word.is_ascii() && word.len() >= 8 && (1..=4).all(|wanted| kinds.contains(&wanted)) && changes * 2 >= word.len()
}

const fn kind(byte: u8) -> u8 {
    match byte {
        b'a'..=b'z' => 1,
        b'A'..=b'Z' => 2,
        b'0'..=b'9' => 3,
        _ => 4,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn secrets_are_seen() {
        for text in [
            "password: hunter2",
            "Passwort = geheim",
            "the password is swordfish",
            "PIN:1234",
            "login ok, API key: abc",
            "-----BEGIN OPENSSH PRIVATE KEY-----",
            "ghp_16C7e42F292c6912E7710c838347Ae178B4a",
            "AKIAIOSFODNN7EXAMPLE",
            "https://brand:hunter2@linkedin.com/company/acme",
            "otpauth://totp/x?secret=JBSWY3DPEHPK3PXP",
            "d41d8cd98f00b204e9800998ecf8427e",
            "use Zx9Qm2Lk7Rt5Wp3Vb8Nc to sign in",
            "Xk7#mQ9!pL",
        ] {
            assert!(looks_like_secret(text).is_some(), "{text}");
        }
    }

    #[test]
    fn handles_and_notes_are_not() {
        for text in [
            "",
            "https://www.linkedin.com/in/rita-rossi-4711",
            "https://www.linkedin.com/company/acme-industrial-holdings-2024",
            "@AcmeIndustrialHoldings",
            "sales@company.example",
            "Social media policy 2026, version 3",
            "Held by the marketing team; password manager entry 'LinkedIn page'",
            "facebook.com/profile.php?id=100012345678901",
            "SocialMediaPolicy_v12_final",
            "Acme-24/7",
            "https://x.com/A1?b=C2",
            "https://x.com/i/user/1234567890123456789",
        ] {
            assert_eq!(looks_like_secret(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "\\PC{0,80}") {
            let _ = looks_like_secret(&text);
        }

        #[test]
        fn random_tokens_are_seen(token in "[0-9a-f]{32}") {
            prop_assume!(token.bytes().any(|byte| byte.is_ascii_alphabetic()) && token.bytes().filter(u8::is_ascii_digit).count() >= 4);
            prop_assert!(looks_like_secret(&token).is_some());
        }
    }
}
