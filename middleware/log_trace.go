package middleware

import (
	"log/slog"
	"strings"
)

// noteTrace is the key of the id of the trace in X-Ray that the invocation is part of.
const noteTrace = "trace"

// noteXRay notes the trace of the invocation, as Lambda says it:
// "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1". A client
// can have sent it, so nothing is noted that is no id.
//
// See https://docs.aws.amazon.com/xray/latest/devguide/xray-concepts.html#xray-concepts-tracingheader
func (inv *logged) noteXRay() {
	header, _ := inv.Context.Value("x-amzn-trace-id").(string) // as aws-lambda-go has it
	if id := xrayRoot(header); id != "" {
		inv.notes.note(slog.String(noteTrace, id))
	}
}

// xrayRoot is the id of the trace that a header names, "" for none.
func xrayRoot(header string) string {
	const length = len("1-5759e988-bd862e3fe1be46a994272793")
	_, rest, _ := strings.Cut(header, "Root=")
	if len(rest) < length || rest[:2] != "1-" || rest[10] != '-' ||
		strings.Trim(rest[2:10]+rest[11:length], "0123456789abcdef") != "" {
		return ""
	}
	return rest[:length]
}
