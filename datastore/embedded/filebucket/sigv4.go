package filebucket

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Signature Version 4 in the query, as S3 has it: the path is encoded once and the
// body is not signed.
//
// See https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html
const (
	algorithm  = "AWS4-HMAC-SHA256"
	keyID      = "tierkit"
	region     = "local"
	timeFormat = "20060102T150405Z"
	dateFormat = "20060102"
)

// signature is of a request: method, host, path and query without the signature,
// and the headers that are signed, by their lower case names.
type signature struct {
	method, path string
	query        url.Values
	headers      map[string]string
	at           time.Time
}

func credential(at time.Time) string { return keyID + "/" + scope(at) }

func scope(at time.Time) string { return at.Format(dateFormat) + "/" + region + "/s3/aws4_request" }

// sum is the signature in hex.
func (s signature) sum(secret string) string {
	names := make([]string, 0, len(s.headers))
	for name := range s.headers {
		names = append(names, name)
	}
	slices.Sort(names)
	var headers strings.Builder
	for _, name := range names {
		headers.WriteString(name + ":" + strings.Join(strings.Fields(s.headers[name]), " ") + "\n")
	}
	canonical := strings.Join([]string{
		s.method, encode(s.path, true), canonicalQuery(s.query), headers.String(), strings.Join(names, ";"), "UNSIGNED-PAYLOAD",
	}, "\n")
	hash := sha256.Sum256([]byte(canonical))
	return sign(secret, s.at, strings.Join([]string{
		algorithm, s.at.Format(timeFormat), scope(s.at), hex.EncodeToString(hash[:]),
	}, "\n"))
}

// sign is the signature of a text, a form's policy for example.
func sign(secret string, at time.Time, text string) string {
	key := []byte("AWS4" + secret)
	for _, part := range []string{at.Format(dateFormat), region, "s3", "aws4_request"} {
		key = mac(key, part)
	}
	return hex.EncodeToString(mac(key, text))
}

func mac(key []byte, text string) []byte {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(text))
	return h.Sum(nil)
}

func canonicalQuery(query url.Values) string {
	var parts []string
	for name, values := range query {
		if name == "X-Amz-Signature" {
			continue
		}
		for _, v := range values {
			parts = append(parts, encode(name, false)+"="+encode(v, false))
		}
	}
	slices.Sort(parts)
	return strings.Join(parts, "&")
}

// encode is the percent-encoding of AWS: of all but letters, digits and "-._~",
// and "/" in a path.
func encode(text string, path bool) string {
	var b strings.Builder
	for i := range len(text) {
		c := text[i]
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' ||
			c == '-' || c == '.' || c == '_' || c == '~' || path && c == '/' {
			b.WriteByte(c)
			continue
		}
		b.WriteString("%" + strings.ToUpper(string([]byte{hexDigits[c>>4], hexDigits[c&15]})))
	}
	return b.String()
}

var (
	errSignature = errors.New("the request is not signed by this server, or was changed since")
	errHeader    = errors.New("the request has headers x-amz- that are not signed")
	errExpired   = errors.New("the signed request has expired")
)

// verify checks the signature of a request and that it has not expired.
func verify(r *http.Request, query url.Values, secret string, now time.Time) error {
	for _, values := range query {
		if len(values) != 1 {
			return errSignature
		}
	}
	at, err := signedAt(query.Get("X-Amz-Algorithm"), query.Get("X-Amz-Credential"), query.Get("X-Amz-Date"))
	if err != nil {
		return err
	}
	seconds, err := strconv.Atoi(query.Get("X-Amz-Expires"))
	if err != nil || seconds < 1 || seconds > 7*24*3600 {
		return errSignature
	}
	headers := map[string]string{}
	for name := range strings.SplitSeq(query.Get("X-Amz-SignedHeaders"), ";") {
		headers[name] = headerOf(r, name)
	}
	if _, ok := headers["host"]; !ok {
		return errSignature
	}
	for name := range r.Header {
		if name = strings.ToLower(name); strings.HasPrefix(name, "x-amz-") {
			if _, signed := headers[name]; !signed {
				return errHeader
			}
		}
	}
	want := signature{r.Method, r.URL.Path, query, headers, at}.sum(secret)
	if !hmac.Equal([]byte(want), []byte(query.Get("X-Amz-Signature"))) {
		return errSignature
	}
	if now.Before(at.Add(-maxSkew)) || now.After(at.Add(time.Duration(seconds)*time.Second)) {
		return errExpired
	}
	return nil
}

const maxSkew = 15 * time.Minute

// signedAt is when it was signed, if by this server.
func signedAt(algo, by, date string) (time.Time, error) {
	at, err := time.Parse(timeFormat, date)
	if err != nil || algo != algorithm || by != credential(at) {
		return at, errSignature
	}
	return at, nil
}

func headerOf(r *http.Request, name string) string {
	switch name {
	case "host":
		return r.Host
	case "content-length":
		return strconv.FormatInt(r.ContentLength, 10)
	}
	return strings.Join(r.Header.Values(name), ",")
}
