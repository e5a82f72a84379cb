package local

import (
	"bytes"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/seed-18e8afb5/tierkit/tier"
)

// redactor leaves secrets out of what people are shown: by the names of headers,
// parameters and members, and where there are no names, by the values that
// secrets of the request have.
type redactor struct {
	// names, in lower case, of what the authorizers of the API tell callers by,
	// beside those that tell by themselves that they are secrets
	names  []string
	values *strings.Replacer // nil for none
}

// newRedactor knows the identity sources of an API.
func newRedactor(api *tier.API) redactor {
	var r redactor
	for _, a := range api.Authorizers() {
		var sources []tier.Source
		switch a := a.(type) {
		case *tier.LambdaAuthorizer:
			sources = a.Sources()
		case *tier.CognitoAuthorizer:
			sources = []tier.Source{{In: "header", Name: a.Settings().Header}}
		case *tier.JWTAuthorizer:
			if s, ok := tier.ParseSource(a.Settings().Source); ok {
				sources = []tier.Source{s}
			}
		}
		for _, s := range sources {
			if s.In != "context" {
				r.names = append(r.names, strings.ToLower(s.Name))
			}
		}
	}
	return r
}

// minSecretValue is how long a value is that is looked for in texts: shorter ones
// are parts of many words.
const minSecretValue = 6

// of is the redactor that also knows the secrets of a request by their values, as
// they were sent, decoded, and as they are signed.
func (r redactor) of(x *exchange) redactor {
	var secrets []string
	for name, values := range x.Header {
		if !r.secret(name) {
			continue
		}
		for _, v := range values {
			_, after, _ := strings.Cut(v, " ")
			secrets = append(secrets, v, after)
			for pair := range strings.SplitSeq(v, ";") {
				_, value, _ := strings.Cut(strings.TrimSpace(pair), "=")
				secrets = append(secrets, value)
			}
		}
	}
	for _, pair := range strings.FieldsFunc(x.URL.RawQuery, separatesQuery) {
		if name, value, _ := strings.Cut(pair, "="); r.secret(unescapeQuery(name)) {
			decoded := unescapeQuery(value)
			secrets = append(secrets, value, decoded, strings.ReplaceAll(url.QueryEscape(decoded), "+", "%20"))
		}
	}
	secrets = slices.DeleteFunc(secrets, func(s string) bool { return len(s) < minSecretValue })
	slices.SortFunc(secrets, func(a, b string) int { return len(b) - len(a) }) // the whole before its part
	pairs := make([]string, 0, 2*len(secrets))
	for _, s := range secrets {
		pairs = append(pairs, s, redacted)
	}
	r.values = strings.NewReplacer(pairs...)
	return r
}

func separatesQuery(c rune) bool { return c == '&' || c == ';' }

// without is a text without the secrets whose values are known.
func (r redactor) without(text string) string {
	if r.values == nil {
		return text
	}
	return r.values.Replace(text)
}

// redacted stands for a secret.
const redacted = "[redacted]"

// maxShown is how much of a body is shown.
const maxShown = 4 << 10

// secret reports whether the name of a header, a parameter or a member tells
// that its value is a secret.
func (r redactor) secret(name string) bool {
	name = strings.ToLower(name)
	if slices.Contains(r.names, name) {
		return true
	}
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
	var b strings.Builder
	for raw != "" {
		pair, separator := raw, ""
		if i := strings.IndexFunc(raw, separatesQuery); i >= 0 {
			pair, separator = raw[:i], raw[i:i+1]
		}
		raw = raw[len(pair)+len(separator):]
		if name, _, found := strings.Cut(pair, "="); found && r.secret(unescapeQuery(name)) {
			pair = name + "=" + redacted
		}
		b.WriteString(pair)
		b.WriteString(separator)
	}
	return b.String()
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
	if shown = r.without(shown); len(shown) > maxShown {
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
		redactor: r,
		dec:      jsontext.NewDecoder(bytes.NewReader(data), jsontext.AllowDuplicateNames(true)),
		enc:      jsontext.NewEncoder(&out, jsontext.AllowDuplicateNames(true)), body: shown,
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
