//! What a record may keep of documents and variables: everything but secrets.

use std::borrow::Cow;

use serde_json::{Map, Value};

use super::lexer::{Kind, Lexer, Token};

/// Arguments and input fields whose values are secrets, or could be one that somebody typed into the register by mistake
/// and that was refused; what the register takes stands in its own change.
const SECRETS: [&str; 7] = ["password", "currentPassword", "newPassword", "refreshToken", "clientSecret", "accountHandle", "policyName"];
const REDACTED: &str = "[redacted]";

/// The document without literals of secrets, and the names of variables that carry some.
pub(super) fn document(text: &str) -> (Cow<'_, str>, Vec<&str>) {
    // Nearly every document speaks of no secret; then nothing is copied.
    if !SECRETS.iter().any(|name| text.contains(name)) {
        return (Cow::Borrowed(text), Vec::new());
    }
    let tokens: Vec<Token> = Lexer::new(text).collect();
    let word = |token: &Token| &text[token.start..token.end];
    let is_secret = |token: &Token| token.kind == Kind::Name && SECRETS.contains(&word(token));
    let mut variables = Vec::new();
    for part in tokens.windows(4) {
        if is_secret(&part[0]) && part[1].kind == Kind::Mark(b':') && part[2].kind == Kind::Mark(b'$') && part[3].kind == Kind::Name {
            variables.push(word(&part[3]));
        }
    }
    let mut kept = String::with_capacity(text.len());
    let mut from = 0;
    let mut hiding = false;
    let mut previous: Option<&Token> = None;
    let mut declares: Option<bool> = None;
    for token in &tokens {
        match token.kind {
            // `password: "…"`, also inside of a list.
            Kind::Mark(b':') => hiding = previous.is_some_and(is_secret),
            // `$password: String = "…"`: the default of a variable that carries a secret.
            Kind::Mark(b'=') => hiding = declares == Some(true),
            Kind::Text if hiding => {
                kept.push_str(&text[from..token.start]);
                kept.push('"');
                kept.push_str(REDACTED);
                kept.push('"');
                from = token.end;
            }
            Kind::Name if previous.is_some_and(|before| before.kind == Kind::Mark(b'$')) => {
                declares = Some(variables.contains(&word(token)) || is_secret(token));
                hiding = false;
            }
            Kind::Text | Kind::Mark(b'[') => {}
            _ => hiding = false,
        }
        previous = Some(token);
    }
    kept.push_str(&text[from..]);
    (Cow::Owned(kept), variables)
}

/// The variables as JSON without secrets: those of a secret's name, at any depth, and those in `named`.
pub(super) fn variables(map: &Map<String, Value>, named: &[&str]) -> String {
    let cleaned = map.iter().map(|(name, value)| {
        let value = if named.contains(&name.as_str()) || SECRETS.contains(&name.as_str()) { hidden(value) } else { clean(value) };
        (name.clone(), value)
    });
    Value::Object(cleaned.collect()).to_string()
}

fn clean(value: &Value) -> Value {
    match value {
        Value::Object(map) => {
            let member = |(name, value): (&String, &Value)| {
                (name.clone(), if SECRETS.contains(&name.as_str()) { hidden(value) } else { clean(value) })
            };
            Value::Object(map.iter().map(member).collect())
        }
        Value::Array(items) => Value::Array(items.iter().map(clean).collect()),
        other => other.clone(),
    }
}

fn hidden(value: &Value) -> Value {
    if value.is_null() { Value::Null } else { REDACTED.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_of_secrets_go() {
        let cases = [
            (
                r#"mutation{signIn(input:{email:"a@b",password:"x\"y"}){accessToken}}"#,
                r#"mutation{signIn(input:{email:"a@b",password:"[redacted]"}){accessToken}}"#,
            ),
            ("{f(newPassword : # c\n \"\"\"x\"\"\")}", "{f(newPassword : # c\n \"[redacted]\")}"),
            (r#"{f(password:["a" "b"])}"#, r#"{f(password:["[redacted]" "[redacted]"])}"#),
            (
                r#"query($p:String="x",$q:String="y"){f(password:$p,name:$q)}"#,
                r#"query($p:String="[redacted]",$q:String="y"){f(password:$p,name:$q)}"#,
            ),
            (r#"query($password:String! = "x"){f(x:$password)}"#, r#"query($password:String! = "[redacted]"){f(x:$password)}"#),
            (r#"{a:f(password:"x",name:"n")}"#, r#"{a:f(password:"[redacted]",name:"n")}"#),
            (r#"{leads(search:"password")}"#, r#"{leads(search:"password")}"#),
        ];
        for (text, wanted) in cases {
            assert_eq!(document(text).0, wanted);
        }
    }

    #[test]
    fn variables_of_secrets_go() {
        let (_, named) = document("query($p:String){f(password:$p)}");
        let map: Map<String, Value> =
            serde_json::from_str(r#"{"p":"x","q":{"list":[{"clientSecret":"x","n":1}]},"refreshToken":null}"#).unwrap();
        let wanted = r#"{"p":"[redacted]","q":{"list":[{"clientSecret":"[redacted]","n":1}]},"refreshToken":null}"#;
        assert_eq!(serde_json::from_str::<Value>(&variables(&map, &named)).unwrap(), serde_json::from_str::<Value>(wanted).unwrap());
    }
}
