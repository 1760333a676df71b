"""Names of fields whose values are secrets or personal data, whatever they hold. Data; `_redact` reads it.

Names are compared in lower case, without `_`, `-` and other separators: `x-api-key`, `apiKey` and `API_KEY` are one.
The lists follow what OWASP's Logging Cheat Sheet ("Data to exclude") names, and what a chat handles.
"""

# A name that holds one of these anywhere.
ANYWHERE = (
    "accesskey",
    "apikey",
    "authorization",
    "cookie",
    "credential",
    "passphrase",
    "passwd",
    "password",
    "privatekey",
    "secret",
)

# A name that is one of these, or ends with one as its last word or words: user_email, customerPhone.
AT_END = (
    "accesstoken",
    "accountnumber",
    "address",
    "authtoken",
    "birthdate",
    "birthday",
    "cardnumber",
    "clientip",
    "cvc",
    "cvv",
    "dateofbirth",
    "email",
    "emails",
    "familyname",
    "firstname",
    "fullname",
    "givenname",
    "iban",
    "idtoken",
    "ipaddress",
    "jwt",
    "lastname",
    "mail",
    "mobile",
    "pan",
    "passport",
    "phone",
    "phonenumber",
    "postcode",
    "prompt",
    "pwd",
    "refreshtoken",
    "sessiontoken",
    "signature",
    "sourceip",
    "ssn",
    "street",
    "surname",
    "telephone",
    "token",
    "username",
    "zipcode",
)
