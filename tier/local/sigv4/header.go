package sigv4

import (
	"net/http"
	"strings"
)

// readHeader reads the header form:
//
//	Authorization: AWS4-HMAC-SHA256 Credential=…, SignedHeaders=…, Signature=…
func readHeader(r *Request, authorization string) (*claim, error) {
	scheme, rest, _ := strings.Cut(strings.TrimSpace(authorization), " ")
	switch {
	case scheme == multiRegion:
		return nil, refuse(InvalidSignature, noMultiRegion)
	case strings.HasPrefix(scheme, "AWS4-") && scheme != algorithm:
		return nil, refuse(IncompleteSignature, "Unsupported AWS 'algorithm'; sign with "+algorithm+".")
	}
	parts, err := readParts(rest, authorization)
	if err != nil {
		return nil, err
	}
	c := &claim{}
	if err := c.setHeaderDate(r); err != nil {
		return nil, err
	}
	if missing := missingParts(parts, c.at.IsZero()); scheme != algorithm || missing != nil {
		message := strings.Join(append(missing, "(Hashed with SHA-256 and encoded with Base64) Authorization="+hashed(authorization)), " ")
		return nil, refuse(IncompleteSignature, message)
	}
	if err := c.setCredential(parts["Credential"]); err != nil {
		return nil, err
	}
	if err := c.setSignedHeaders(parts["SignedHeaders"]); err != nil {
		return nil, err
	}
	if err := c.setSignature(parts["Signature"]); err != nil {
		return nil, err
	}
	return c, c.setHeaders(r)
}

// readParts reads the parameters of an Authorization header. Commas separate
// them, with or without spaces.
func readParts(list, authorization string) (map[string]string, error) {
	parts := make(map[string]string, 3)
	for part := range strings.SplitSeq(list, ",") {
		part = strings.TrimSpace(part)
		if part == "" {
			continue
		}
		name, value, ok := strings.Cut(part, "=")
		if !ok {
			return nil, refuse(IncompleteSignature, notAPair+" (hashed with SHA-256 and encoded with Base64): '"+hashed(authorization)+"'.")
		}
		if _, twice := parts[name]; twice {
			return nil, refuse(IncompleteSignature, "Authorization header has a parameter twice.")
		}
		parts[name] = value
	}
	return parts, nil
}

func missingParts(parts map[string]string, dateMissing bool) []string {
	var missing []string
	for _, p := range []struct{ name, message string }{
		{"Credential", noCredential}, {"Signature", noSignature}, {"SignedHeaders", noHeaders},
	} {
		if parts[p.name] == "" {
			missing = append(missing, p.message)
		}
	}
	if dateMissing {
		missing = append(missing, noDate)
	}
	return missing
}

// setHeaderDate reads X-Amz-Date, or Date without it. The time is zero if there
// is neither.
func (c *claim) setHeaderDate(r *Request) error {
	date, count := r.one(headerDate)
	if count > 1 {
		return refuse(IncompleteSignature, "X-Amz-Date must be sent once.")
	}
	if count == 1 {
		return c.setDate(date)
	}
	date, count = r.one("date")
	if count != 1 {
		return nil
	}
	at, err := http.ParseTime(date)
	if err != nil {
		return c.setDate(date)
	}
	c.at = at.UTC()
	return nil
}

// setHeaders reads the session token and the hash of the payload.
func (c *claim) setHeaders(r *Request) error {
	var tokens, hashes int
	c.token, tokens = r.one(headerToken)
	c.sha256, hashes = r.one(headerSHA256)
	if tokens > 1 || hashes > 1 {
		return refuse(IncompleteSignature, "X-Amz-Security-Token and X-Amz-Content-Sha256 must be sent once.")
	}
	return nil
}
