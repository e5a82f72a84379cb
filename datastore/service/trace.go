package service

import (
	"net/http"

	"github.com/seed-18e8afb5/tierkit/datastore"
)

// The headers of a trace.
const (
	parentHeader = "Traceparent"
	stateHeader  = "Tracestate"
)

// addTrace adds the headers of a trace, unless the request has its own.
func addTrace(trace datastore.Trace, header http.Header) {
	if trace.Parent == "" || len(header[parentHeader]) > 0 {
		return
	}
	header[parentHeader] = []string{trace.Parent}
	delete(header, stateHeader) // it belongs to another
	if trace.State != "" {
		header[stateHeader] = []string{trace.State}
	}
}
