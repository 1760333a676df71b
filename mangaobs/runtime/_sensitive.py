"""Names of fields whose values are secrets or personal data, whatever they hold. Data; `_redact` reads it.

Names are compared in lower case, without `_`, `-` and other separators: `x-api-key`, `apiKey` and `API_KEY` are one.
Here a `-` marks where one may stand.
The lists follow what OWASP's Logging Cheat Sheet ("Data to exclude") names, and what a chat handles.
"""

# A name that holds one of these anywhere.
ANYWHERE = (
    "access-key",
    "api-key",
    "authorization",
    "cookie",
    "credential",
    "passphrase",
    "passwd",
    "password",
    "private-key",
    "secret",
)

# A name that is one of these, or ends with one as its last word or words: user_email, customerPhone.
AT_END = (
    "access-token",
    "account-number",
    "address",
    "addresses",
    "address-line",
    "auth-token",
    "birth-date",
    "birthday",
    "card-number",
    "client-ip",
    "cvc",
    "cvv",
    "date-of-birth",
    "dob",
    "email",
    "emails",
    "family-name",
    "first-name",
    "full-name",
    "given-name",
    "iban",
    "id-token",
    "ip-address",
    "jwt",
    "last-name",
    "mail",
    "mobile",
    "otp",
    "pan",
    "passport",
    "phone",
    "phone-number",
    "phone-numbers",
    "phones",
    "postcode",
    "pin",
    "prompt",
    "pwd",
    "refresh-token",
    "session-token",
    "signature",
    "source-ip",
    "ssn",
    "street",
    "surname",
    "telephone",
    "telephone-number",
    "token",
    "username",
    "zip-code",
)
