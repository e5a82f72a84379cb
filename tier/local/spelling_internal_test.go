package local

import (
	"bufio"
	"bytes"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
)

// FuzzSpelling follows whatever bytes: in whatever pieces they arrive the names
// are the same, and where net/http finds a request they are its own.
func FuzzSpelling(f *testing.F) {
	for _, s := range []string{
		"GET / HTTP/1.1|Host: h|x-PROBE: 1||",
		"POST / HTTP/1.1|host: h|content-length: 4||abcdGET / HTTP/1.1|Host: h|x-a: 1||",
		"POST / HTTP/1.1|Host: h|transfer-encoding: chunked||3;x=y|abc|0|t: 1||GET / HTTP/1.1|Host: h|x-b: 1||",
		"GET / HTTP/1.1|Host: h|a: 1| folded: 2||", "|GET / HTTP/1.1||", "GET / HTTP/1.1|no colon||", "GET / HTTP/1.1|Content-Length: -1||",
		"GET / HTTP/1.1|Transfer-Encoding: chunked||-3|", "GET / HTTP/1.1|Transfer-Encoding: chunked||7fffffffffffffff|",
	} {
		f.Add([]byte(strings.ReplaceAll(s, "|", "\r\n")))
	}
	f.Fuzz(func(t *testing.T, stream []byte) {
		var whole, pieces headScanner
		got := whole.feed(stream, nil)
		var bytewise []map[string]string
		for i := range stream {
			bytewise = pieces.feed(stream[i:i+1], bytewise)
		}
		if !slices.EqualFunc(got, bytewise, maps.Equal) {
			t.Fatalf("%q at once %v, byte by byte %v", stream, got, bytewise)
		}
		for _, names := range got {
			for canonical, spelled := range names {
				if http.CanonicalHeaderKey(spelled) != canonical {
					t.Errorf("%q is no spelling of %q", spelled, canonical)
				}
			}
		}
		requests := bufio.NewReader(bytes.NewReader(stream))
		for i := 0; ; i++ {
			r, err := http.ReadRequest(requests)
			if err != nil || r.ProtoMajor != 1 || r.ProtoMinor != 1 || i >= len(got) {
				return // net/http closes the connection, or the scanner gave up
			}
			for canonical := range got[i] {
				switch canonical {
				case "Host", "Transfer-Encoding", "Content-Length", "Trailer", "Connection", "Pragma", "Cache-Control":
					continue // net/http takes them out, or adds to them
				}
				if _, ok := r.Header[canonical]; !ok {
					t.Errorf("request %d of %q: %q is in no header %v", i, stream, canonical, r.Header)
				}
			}
			if _, err := io.Copy(io.Discard, r.Body); err != nil {
				return
			}
		}
	})
}
