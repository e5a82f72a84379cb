package local

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-lambda-go/lambdacontext"
)

// identifiers are the ids of one request.
type identifiers struct {
	request    string // uuid: requestContext.requestId, x-amzn-RequestId
	extended   string // requestContext.extendedRequestId, x-amz-apigw-id
	invocation string // uuid: the request id of the Lambda invocation
	trace      string // X-Amzn-Trace-Id
	// client is what a program that invokes a function directly says of itself,
	// nil for nothing.
	client *lambdacontext.ClientContext
	tenant string // for whom a function that is one per tenant runs, "" for nobody
}

// newIdentifiers draws the ids of r, received at that time, from random.
func newIdentifiers(random io.Reader, at time.Time, r *http.Request) (identifiers, error) {
	var b [63]byte
	if _, err := io.ReadFull(random, b[:]); err != nil {
		return identifiers{}, fmt.Errorf("draw request id: %w", err)
	}
	return identifiers{
		request:    uuid([16]byte(b[0:16])),
		invocation: uuid([16]byte(b[16:32])),
		extended:   base64.URLEncoding.EncodeToString(b[32:43]),
		trace:      traceHeader(r.Header.Get("X-Amzn-Trace-Id"), at, [12]byte(b[43:55]), [8]byte(b[55:63])),
	}, nil
}

// uuid is a random UUID, version 4 (RFC 9562).
func uuid(b [16]byte) string {
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	var s [36]byte
	hex.Encode(s[0:8], b[0:4])
	hex.Encode(s[9:13], b[4:6])
	hex.Encode(s[14:18], b[6:8])
	hex.Encode(s[19:23], b[8:10])
	hex.Encode(s[24:36], b[10:16])
	s[8], s[13], s[18], s[23] = '-', '-', '-', '-'
	return string(s[:])
}

// traceHeader completes the trace header that a client sent: its root, its
// parent and its decision are kept; a client that sends a parent without a
// decision is taken to sample.
// See https://docs.aws.amazon.com/xray/latest/devguide/xray-concepts.html#xray-concepts-tracingheader.
func traceHeader(sent string, at time.Time, random [12]byte, span [8]byte) string {
	var root, parent, sampled string
	for field := range strings.SplitSeq(sent, ";") {
		key, value, _ := strings.Cut(strings.TrimSpace(field), "=")
		switch strings.ToLower(key) {
		case "root":
			root = value
		case "parent":
			parent = value
		case "sampled":
			sampled = value
		}
	}
	if sampled == "" {
		sampled = "0"
		if parent != "" {
			sampled = "1"
		}
	}
	if root == "" {
		second := "00000000" + strconv.FormatInt(at.Unix()&0xffffffff, 16)
		root = "1-" + second[len(second)-8:] + "-" + hex.EncodeToString(random[:])
	}
	if parent == "" {
		parent = hex.EncodeToString(span[:])
	}
	return "Root=" + root + ";Parent=" + parent + ";Sampled=" + sampled
}

// seen is the trace header as front doors other than a REST API deliver it: what
// the client sent if it has a root, else a new one. Whether they add more to it
// is not documented.
func (ids *identifiers) seen(sent string) string {
	root, _, _ := strings.Cut(ids.trace, ";")
	if strings.Contains(sent, root) {
		return sent
	}
	return root
}
