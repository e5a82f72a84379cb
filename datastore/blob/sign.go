package blob

import (
	"strings"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore"
)

// The limits of signed requests.
//
// See https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html
const (
	// MaxTTL is the longest time of a signed request. One that is signed with the
	// credentials of a role, as in every Lambda function, also ends with these,
	// after some hours at most and without notice.
	MaxTTL = 7 * 24 * time.Hour
	// MaxPostSize is how many bytes a form or one PUT can store.
	MaxPostSize = 5 << 30
)

// Signed is a request that anyone who has it can make. It can be given to a client
// as JSON.
type Signed struct {
	Method string `json:"method"` // GET, PUT or POST
	URL    string `json:"url"`
	// Headers that the request must have, with exactly these values.
	Headers map[string]string `json:"headers,omitempty"`
	// Fields of the form (multipart/form-data) of a POST. All of them come before
	// the field "file", which has the content. With
	// [PostPolicy].ContentTypePrefix the client adds the field "Content-Type".
	Fields map[string]string `json:"fields,omitempty"`
	// Expires is when it ends, at the latest.
	Expires time.Time `json:"expires"`
}

// PostPolicy says what a form may store.
type PostPolicy struct {
	// TTL is how long the form can be used: from a second to [MaxTTL].
	TTL time.Duration
	// MinSize and MaxSize are the limits of the content in bytes. MaxSize must be
	// set, to [MaxPostSize] at most.
	MinSize, MaxSize int64
	// ContentTypePrefix lets the client say the content type, which must begin so:
	// "image/". Attributes.ContentType must be "" then.
	ContentTypePrefix string
	// Attributes are stored with the object. The zero value is fine.
	Attributes
}

// check refuses what no driver can sign.
func (s Signing) check(key string) error {
	switch {
	case s.TTL < time.Second || s.TTL > MaxTTL:
		return invalid("the time of %v is not between a second and 7 days", s.TTL)
	case s.Length < -1 || s.Length > MaxPostSize:
		return invalid("the content length of %d is not between 0 and 5 GiB", s.Length)
	}
	if s.Op != "SignPost" {
		return s.Attributes.check()
	}
	switch {
	case s.MaxSize <= 0 || s.MaxSize > MaxPostSize || s.MinSize < 0 || s.MinSize > s.MaxSize:
		return invalid("the sizes %d to %d are no limits; set MaxSize, to 5 GiB at most", s.MinSize, s.MaxSize)
	case s.ContentTypePrefix != "" && s.ContentType != "":
		return invalid("both a content type and how it begins are given; choose one")
	case strings.Contains(key, "${filename}"):
		return invalid("the key has ${filename}, which S3 replaces by what the client says; name it otherwise")
	}
	if err := checkHeader("content type", s.ContentTypePrefix); err != nil {
		return err
	}
	return s.Attributes.check()
}

var errNoRead = &datastore.Error{Kind: datastore.ErrDenied, Err: deniedText(
	"S3 lets a function write on the condition of an ETag only if it may read too; add blob.Getter or blob.Stater to the interface of the grant")}

type deniedText string

func (e deniedText) Error() string { return string(e) }
