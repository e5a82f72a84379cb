package faults

import (
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"testing"
)

// Keeping is upstream with the address of a server that passes requests on to the one
// at upstream, and keeps its connections. It is for HTTP servers that close theirs
// after each answer, as moto and VersityGW do: no client has an idle one then, which a
// fault could break. What AWS does is to keep them.
func Keeping(t testing.TB, upstream string) string {
	t.Helper()
	u, err := url.Parse(upstream)
	if err != nil {
		t.Fatalf("faults: upstream: %v", err)
	}
	relay := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: u.Scheme, Host: u.Host}) // which leaves the header Host as it is
	relay.Transport = &http.Transport{DisableKeepAlives: true}
	relay.ErrorLog = log.New(io.Discard, "", 0) // clients may leave
	server := httptest.NewServer(relay)
	t.Cleanup(server.Close)
	return strings.Replace(upstream, u.Host, server.Listener.Addr().String(), 1)
}
