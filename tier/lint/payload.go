package lint

import (
	"slices"
	"strings"

	"github.com/seed-18e8afb5/tierkit/datastore/stream"
	"github.com/seed-18e8afb5/tierkit/handler/schema"
)

// What an invocation carries, either way.
// See https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html.
const (
	payload = 6 << 20
	// inBase64 is how much of what is not text has room in it.
	inBase64 = payload / 4 * 3
)

// bodies finds routes that take more than a function is ever given.
func bodies(d *declaration) {
	for _, f := range d.app.Functions() {
		for _, r := range f.Routes() {
			op := r.Operation()
			if op == nil || op.Body == nil || op.Body.MaxBytes <= room(op.Body) {
				continue
			}
			d.found("route "+r.String(), r.At(),
				"write handler.MaxBody("+sizes[room(op.Body)]+") or less; what is larger is put into a bucket, by a URL that the function signs (blob.PutSigner)",
				"takes bodies of %s, but an invocation carries 6 MB, which are 4.5 MB of what is not text: larger ones never reach the function", bytes(op.Body.MaxBytes))
		}
	}
}

// room is how much of a body there is room for.
func room(b *schema.Body) int {
	if slices.ContainsFunc(b.MediaTypes, func(t string) bool {
		return !strings.HasPrefix(t, "text/") && !strings.Contains(t, "json") && t != "application/x-www-form-urlencoded"
	}) {
		return inBase64
	}
	return payload
}

var sizes = map[int]string{payload: "6<<20", inBase64: "4.5*(1<<20)"}

// answers finds routes that answer files of any size in one piece.
func answers(d *declaration) {
	for _, f := range d.app.Functions() {
		for _, r := range f.Routes() {
			if op := r.Operation(); op == nil || !op.Output.Streams || r.Streams() || f.URL() != nil && f.URL().Stream {
				continue
			}
			d.found("route "+r.String(), r.At(),
				"add tier.Stream() to the route of a REST API, or answer a URL that the function signs (blob.GetSigner)",
				"answers in pieces, of which the front door makes one: an answer of more than 6 MB, 4.5 MB of what is not text, is a 502")
		}
	}
}

// largeRecords finds streams whose records do not fit into an invocation.
func largeRecords(d *declaration) {
	for _, t := range d.triggers() {
		spec, ok := t.Feed().Spec.(stream.Spec)
		if !ok || spec.MaxRecord <= inBase64 || t.Settings().Failed != nil {
			continue
		}
		d.found(t.String(), t.At(), "add tier.OnFailure, which hears where such a record is, or declare stream.MaxRecord("+sizes[inBase64]+") or less",
			"records have up to %s, but an invocation carries 4.5 MB of them: larger ones never arrive, and are lost", bytes(spec.MaxRecord))
	}
}
