package sigv4

import (
	"slices"
	"strings"
	"time"
)

// claim is what a request says about its signature, parsed and not yet verified.
type claim struct {
	presigned     bool
	accessKey     string
	scope         scope
	signedHeaders []string
	signature     string
	at            time.Time
	// expires is how long a presigned URL holds; zero if it does not say.
	expires time.Duration
	token   string
	// sha256 is X-Amz-Content-Sha256, or "".
	sha256 string
}

// readClaim finds the one signature of a request.
func readClaim(r *Request, query []pair) (*claim, error) {
	authorization := r.values("authorization")
	presigned := slices.ContainsFunc(query, func(p pair) bool {
		return p.name == paramAlgorithm || p.name == paramCredential || p.name == paramSignature
	})
	switch {
	case len(authorization) == 0 && !presigned:
		return nil, refuse(MissingAuthenticationToken, missingToken)
	case len(authorization) > 1, len(authorization) == 1 && presigned:
		return nil, refuse(IncompleteSignature, oneMechanism)
	case presigned:
		return readQuery(r, query)
	}
	return readHeader(r, authorization[0])
}

// setCredential reads "key/day/region/service/aws4_request". An access key may
// have slashes, so the scope is counted from the end.
func (c *claim) setCredential(credential string) error {
	parts := strings.Split(credential, "/")
	n := len(parts)
	if n < 5 || parts[0] == "" {
		return refuse(IncompleteSignature, "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term.")
	}
	if parts[n-1] != terminator {
		return refuse(InvalidSignature, "Credential should be scoped with a valid terminator: '"+terminator+"'.")
	}
	c.accessKey = strings.Join(parts[:n-4], "/")
	c.scope = scope{day: parts[n-4], region: parts[n-3], service: parts[n-2]}
	return nil
}

// setSignedHeaders reads "content-type;host;x-amz-date". The list itself is
// signed, so its order must be the canonical one.
func (c *claim) setSignedHeaders(list string) error {
	names := strings.Split(list, ";")
	for i, name := range names {
		if !token(name) || name != strings.ToLower(name) {
			return refuse(IncompleteSignature, "SignedHeaders must be names of headers in lower case, separated by ';'.")
		}
		if i > 0 && names[i-1] >= name {
			return refuse(IncompleteSignature, "SignedHeaders must be sorted, each name once.")
		}
	}
	c.signedHeaders = names
	return nil
}

func (c *claim) setSignature(signature string) error {
	hex := len(signature) == 64
	for i := 0; hex && i < len(signature); i++ {
		hex = fromHex(signature[i]) >= 0 && (signature[i] < 'A' || signature[i] > 'F')
	}
	if !hex {
		return refuse(IncompleteSignature, "Signature must be 64 lower-case hexadecimal digits.")
	}
	c.signature = signature
	return nil
}

// setDate reads X-Amz-Date.
func (c *claim) setDate(date string) error {
	at, err := time.Parse(timeLayout, date)
	if err != nil || len(date) != len(timeLayout) { // Parse takes a fraction of a second, too
		return refuse(IncompleteSignature, "Date must be in ISO-8601 'basic format', such as 20150830T123600Z.")
	}
	c.at = at
	return nil
}

// token reports whether s is the name of a header field.
// See https://www.rfc-editor.org/rfc/rfc9110#name-tokens.
func token(s string) bool {
	for i := range len(s) {
		if c := s[i]; c <= ' ' || c >= 0x7f || strings.IndexByte(`"(),/:;<=>?@[\]{}`, c) >= 0 {
			return false
		}
	}
	return s != ""
}
