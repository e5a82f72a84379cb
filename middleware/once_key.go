package middleware

import (
	"cmp"
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"net/http"
	"strings"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/handler"
)

// maxHeaderKey is how long the key in a header may be.
const maxHeaderKey = 255

// RequireKey is the header Idempotency-Key for [OnceOptions].Key, where a request
// without one is answered 400. Requests of GET, HEAD, OPTIONS and TRACE need none.
//
// The value is text in quotation marks, as the draft has it, or the bare text that
// most clients send: the two are the same key. It has up to 255 characters, printable
// ASCII, bare without space, quotation mark, backslash, comma and semicolon. Others, and two
// such headers, are answered 400.
func RequireKey(_ context.Context, req *handler.Request) (string, error) {
	return headerKey(req, true)
}

func headerKey(req *handler.Request, required bool) (string, error) {
	values := req.HeaderValues("Idempotency-Key")
	switch {
	case len(values) == 0 && required:
		return "", badKey("required", "is missing; give each operation a key of its own, such as a UUID")
	case len(values) == 0:
		return "", nil
	case len(values) > 1:
		return "", badKey("single", "is there more than once")
	}
	key, ok := parseKey(strings.Trim(values[0], " \t"))
	if !ok {
		return "", badKey("idempotency_key", "must be 1 to 255 printable ASCII characters, in quotation marks if there are spaces, commas or semicolons among them")
	}
	return key, nil
}

func badKey(rule, message string) error {
	return &handler.Error{Status: http.StatusBadRequest, Code: "idempotency_key",
		Fields: []handler.FieldError{{Location: "header.Idempotency-Key", Rule: rule, Message: message}}}
}

// parseKey reads the value of the header: a string of RFC 9651 without parameters, or
// bare text.
//
// See https://www.rfc-editor.org/rfc/rfc9651#name-strings
func parseKey(value string) (string, bool) {
	text, quoted := strings.CutPrefix(value, `"`)
	var key strings.Builder
	for i := 0; i < len(text); i++ {
		c := text[i]
		switch {
		case c < ' ' || c > '~':
			return "", false
		case !quoted && strings.IndexByte(" \",;\\", c) >= 0:
			return "", false
		case quoted && c == '"':
			return key.String(), i == len(text)-1 && fits(key.Len())
		case quoted && c == '\\':
			if i++; i == len(text) || text[i] != '"' && text[i] != '\\' {
				return "", false
			}
			c = text[i]
		}
		key.WriteByte(c)
	}
	return key.String(), !quoted && fits(key.Len())
}

func fits(n int) bool { return n > 0 && n <= maxHeaderKey }

// delivery is a request or a record, as it is known to marks.
type delivery struct {
	key     string // of its mark, "" for none
	what    string
	payload []byte
	record  *datastore.Record // nil of a request
}

var errNoID = errors.New("once: the record has no id by which it is known; set OnceOptions.Key")

var errAsked = errors.New("once: the service wants an answer to each record, and those of records are not kept; leave Once out, and mark what the function does in the transaction of its effect (MarkOp) or by a condition")

func (o *once) delivery(ctx context.Context, req *handler.Request) (d delivery, err error) {
	d.record = datastore.RecordFrom(ctx)
	var key string
	switch {
	case d.record != nil && (d.record.Service == "cognito" || d.record.Service == "firehose"):
		return d, errAsked
	case d.record == nil && safe(req.Method()):
		return d, nil
	case o.Key != nil:
		key, err = o.Key(ctx, req)
	case d.record != nil:
		key = recordKey(d.record)
	default:
		key, err = headerKey(req, false)
	}
	switch {
	case err != nil:
		return d, err
	case key == "" && d.record != nil:
		return d, errNoID
	case key == "":
		return d, nil
	}
	d.name(ctx, req, key)
	d.payload, err = o.payload(ctx, req, d.record)
	return d, err
}

// safe are the methods that have no effect.
//
// See https://www.rfc-editor.org/rfc/rfc9110#name-safe-methods
func safe(method string) bool {
	return method == http.MethodGet || method == http.MethodHead || method == http.MethodOptions || method == http.MethodTrace
}

// recordKey knows a record by its id, and by its group, in which a stream's ids are
// unique. An event of a bucket that does not come through EventBridge has a sequencer
// for each object.
func recordKey(r *datastore.Record) string {
	id := cmp.Or(r.ID, r.Sequence)
	if id == "" {
		return ""
	}
	return string(appendParts(nil, r.Group, id))
}

// name makes the key of the mark. What tells deliveries apart is in it, so that no
// one is answered what another one was. A message of a queue is for one of the
// functions that work the queue off, and may come to another the next time.
func (d *delivery) name(ctx context.Context, req *handler.Request, key string) {
	function, _ := datastore.FunctionFrom(ctx)
	var room [512]byte
	text := room[:0]
	if d.record != nil {
		d.what = strings.TrimSpace(function + " " + req.Path())
		name := function
		if d.record.Service == "sqs" {
			name = ""
		}
		text = appendParts(text, "record", name, req.Path(), key)
	} else {
		pattern, caller := req.Pattern(), req.Caller()
		d.what = strings.TrimSpace(function + " " + cmp.Or(pattern, req.Method()))
		id, _ := datastore.CallerID(ctx)
		text = appendParts(text, "request", function, req.Facts().Stage, req.Method(), cmp.Or(pattern, req.Path()),
			string(caller.Kind), caller.Claim("iss"), caller.ID, caller.ARN, caller.Account, caller.Identity, id, key)
	}
	if tenant, ok := datastore.Tenant(ctx); ok { // without one, the marks of before there were tenants are found
		text = appendParts(text, tenant)
	}
	sum := sha256.Sum256(text)
	d.key = base64.RawURLEncoding.EncodeToString(sum[:])
}

// payload is the hash of what must be the same. Nothing has none.
func (o *once) payload(ctx context.Context, req *handler.Request, record *datastore.Record) ([]byte, error) {
	hash := sha256.New()
	switch {
	case o.Payload != nil:
		part, err := o.Payload(ctx, req)
		if err != nil {
			return nil, err
		}
		hash.Write(part)
	case record != nil && o.Key == nil:
		return nil, nil
	case record != nil:
		hash.Write(record.Data)
	default:
		body, err := req.Body()
		if err != nil {
			return nil, err
		}
		hash.Write(appendParts(nil, req.Method(), req.Path(), req.RawQuery(), req.Version(), req.Header("Content-Type"), req.Header("Content-Encoding")))
		hash.Write(body)
	}
	return hash.Sum(nil), nil
}

func (d delivery) samePayload(old Mark) bool {
	return subtle.ConstantTimeCompare(d.payload, old.Payload) == 1
}

// appendParts keeps parts apart by their length.
func appendParts(text []byte, parts ...string) []byte {
	for _, part := range parts {
		text = binary.AppendUvarint(text, uint64(len(part)))
		text = append(text, part...)
	}
	return text
}
