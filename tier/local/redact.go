package local

import (
	"bytes"
	"fmt"
	"net/http"
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// redactor leaves secrets out of what people are shown.
type redactor struct{}

var withoutSecrets redactor

// redacted stands for a secret.
const redacted = "[redacted]"

// maxShown is how much of a body is shown.
const maxShown = 4 << 10

// secret reports whether the name of a header, a parameter or a member tells
// that its value is a secret.
func (redactor) secret(name string) bool {
	name = strings.ToLower(name)
	if name == "token_use" { // a claim: "id" or "access"
		return false
	}
	for _, word := range [...]string{"authorization", "cookie", "token", "secret", "password", "passwd", "signature",
		"api-key", "api_key", "apikey", "credential", "identitysource"} {
		if strings.Contains(name, word) && name != "apikeyid" {
			return true
		}
	}
	return false
}

// value is what is shown of a value by that name: the scheme of an
// authorization, the names of cookies.
func (r redactor) value(name, value string) string {
	if !r.secret(name) || value == "" {
		return value
	}
	switch strings.ToLower(name) {
	case "authorization", "proxy-authorization":
		if scheme, _, ok := strings.Cut(value, " "); ok {
			return scheme + " " + redacted
		}
	case "cookie", "cookies", "set-cookie":
		var pairs []string
		for pair := range strings.SplitSeq(value, ";") {
			if name, _, ok := strings.Cut(strings.TrimSpace(pair), "="); ok {
				pairs = append(pairs, name+"="+redacted)
			}
		}
		if len(pairs) > 0 {
			return strings.Join(pairs, "; ")
		}
	}
	return redacted
}

func (r redactor) header(h http.Header) http.Header {
	shown := make(http.Header, len(h)+1)
	for name, values := range h {
		for _, v := range values {
			shown[name] = append(shown[name], r.value(name, v))
		}
	}
	return shown
}

// query is a query, or a form, as sent but for the values of secrets.
func (r redactor) query(raw string) string {
	if raw == "" {
		return ""
	}
	pairs := strings.Split(raw, "&")
	for i, pair := range pairs {
		name, _, found := strings.Cut(pair, "=")
		if found && r.secret(unescapeQuery(name)) {
			pairs[i] = name + "=" + redacted
		}
	}
	return strings.Join(pairs, "&")
}

// body is what is shown of a body: JSON and forms without secrets, other text as
// it is, the rest by its size; all of it cut.
func (r redactor) body(body []byte, contentType string) string {
	shown := string(body)
	if out, ok := r.json(body, nil); ok {
		shown = string(out)
	} else if strings.HasPrefix(strings.ToLower(contentType), "application/x-www-form-urlencoded") {
		shown = r.query(shown)
	}
	if !utf8.ValidString(shown) {
		return fmt.Sprintf("[%d bytes that are no text]", len(body))
	}
	if len(shown) > maxShown {
		return strings.ToValidUTF8(shown[:maxShown], "") + fmt.Sprintf("... [%d bytes in all]", len(shown))
	}
	return shown
}

// json is a JSON object or array without the values of members that are secrets.
// shown, if it is not nil, takes the place of the member body of the outermost
// object, of which only a text can be shown. It reports false for what is no
// JSON object or array.
func (r redactor) json(data []byte, shown *string) ([]byte, bool) {
	if trimmed := bytes.TrimLeft(data, " \t\r\n"); len(trimmed) == 0 || trimmed[0] != '{' && trimmed[0] != '[' {
		return nil, false
	}
	var out bytes.Buffer
	c := jsonRedactor{
		dec: jsontext.NewDecoder(bytes.NewReader(data), jsontext.AllowDuplicateNames(true)),
		enc: jsontext.NewEncoder(&out, jsontext.AllowDuplicateNames(true)), body: shown,
	}
	if err := c.copy("", false); err != nil || atEnd(c.dec) != nil {
		return nil, false
	}
	if !c.changed {
		return data, true // as it was written
	}
	return bytes.TrimSpace(out.Bytes()), true
}

type jsonRedactor struct {
	redactor
	dec  *jsontext.Decoder
	enc  *jsontext.Encoder
	body *string
	// changed tells that the copy differs by more than white space.
	changed bool
}

// copy copies the next value, the member of that name, which is within a secret
// or not.
func (c *jsonRedactor) copy(name string, within bool) error {
	secret := within || c.secret(name)
	switch c.dec.PeekKind() {
	case '{', '[':
		return c.copyAll(name, secret)
	case '"':
		token, err := c.dec.ReadToken()
		if err != nil {
			return err
		}
		text := token.String()
		shown := c.text(name, text, within)
		c.changed = c.changed || shown != text
		return c.enc.WriteToken(jsontext.String(shown))
	case 'n':
		secret = false
	}
	token, err := c.dec.ReadToken()
	if err != nil {
		return err
	}
	if secret {
		c.changed = true
		return c.enc.WriteToken(jsontext.String(redacted))
	}
	return c.enc.WriteToken(token)
}

// copyAll copies an object or an array.
func (c *jsonRedactor) copyAll(name string, secret bool) error {
	start, err := c.dec.ReadToken()
	if err != nil {
		return err
	}
	object := start.Kind() == '{'
	if err := c.enc.WriteToken(start); err != nil {
		return err
	}
	// An array of a secret's name has its secrets, an object has others' names.
	within := secret && object
	for kind := c.dec.PeekKind(); kind != '}' && kind != ']'; kind = c.dec.PeekKind() {
		if object {
			token, err := c.dec.ReadToken()
			if err != nil {
				return err
			}
			name = token.String()
			if err := c.enc.WriteToken(jsontext.String(name)); err != nil {
				return err
			}
		}
		if err := c.copy(name, within); err != nil {
			return err
		}
	}
	end, err := c.dec.ReadToken()
	if err != nil {
		return err
	}
	return c.enc.WriteToken(end)
}

func (c *jsonRedactor) text(name, value string, within bool) string {
	switch {
	case within:
		return redacted
	case name == "rawQueryString":
		return c.query(value)
	case name == "body" && c.dec.StackDepth() == 1:
		if c.body != nil {
			return *c.body
		}
		return c.redactor.body([]byte(value), "")
	}
	return c.value(name, value)
}
